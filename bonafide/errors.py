"""The one exception that is a person's to mend."""


class UserError(Exception):
    """Something that the user can put right: the message names it and says what to do, in one sentence.

    A stage prints it without a traceback and ends with exit code 1.
    """
