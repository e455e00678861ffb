"""What a person does on a page, and that it neither breaks nor refuses."""

from streamlit.testing.v1 import AppTest


def sound(test: AppTest) -> AppTest:
    assert not test.exception, test.exception
    return test


def welcome(test: AppTest) -> AppTest:
    """Nothing broke, and nothing was refused."""
    sound(test)
    assert not test.error, [error.value for error in test.error]
    return test


def press(test: AppTest, *labels: str) -> AppTest:
    """Press one button; a button of a dialog together with the one that opened it, for AppTest
    runs the whole page where a browser runs the dialog alone."""
    for label in labels:
        [button] = [button for button in test.button if button.label == label]
        button.click()
    return sound(test.run())


def accepted(test: AppTest, *labels: str) -> AppTest:
    """``press``, and nothing was refused."""
    return welcome(press(test, *labels))
