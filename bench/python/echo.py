def echo(body, ctx):
    return body
