"""The functions of this bundle: each gets the request body and its context."""


def hello(body, ctx):
    name = ctx.params.path["name"]
    ctx.log.info("greeting", name=name)
    return {"greeting": " ".join([f"Hello, {name}!"] * ctx.params.query["times"])}


def sum_up(numbers):
    return {"sum": sum(numbers)}
