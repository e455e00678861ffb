"""A trained detector in other formats than ONNX, each checked against its checkpoint.

``formats`` lists them and is light; a format's own module is imported when it is asked for.
"""
