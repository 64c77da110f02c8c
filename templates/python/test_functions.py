import unittest
from types import SimpleNamespace

from functions import hello, sum_up


class FunctionsTest(unittest.TestCase):
    def test_hello_greets_as_often_as_asked(self):
        params = SimpleNamespace(path={"name": "Ada"}, query={"times": 2})
        log = SimpleNamespace(info=lambda text, **fields: None)
        ctx = SimpleNamespace(params=params, log=log)
        self.assertEqual(hello(None, ctx), {"greeting": "Hello, Ada! Hello, Ada!"})

    def test_sum_adds_up(self):
        self.assertEqual(sum_up([1, 2, 3.5]), {"sum": 6.5})


if __name__ == "__main__":
    unittest.main()
