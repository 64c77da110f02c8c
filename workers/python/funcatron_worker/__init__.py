"""The far side of the worker wire in Python: runs the Funcs of one bundle."""
