"""Tests that are functions of a script: run one after the other, and told of in TAP."""
import shutil
import tempfile


class Failure(Exception):
    """What a test raises: its words say what is wrong."""


class Skip(Exception):
    """What a test raises that cannot say here: its words say why."""


def run(tests, subject, needs):
    """tests: (title, programs, function, arguments), called as function(subject, folder, *arguments); the folder is removed
    afterwards. needs: the programs that all of them need. True: one has failed."""
    failed = False
    print(f'1..{len(tests)}')
    for number, (title, programs, test, arguments) in enumerate(tests, 1):
        missing = [p for p in needs + programs if not shutil.which(p)]
        if missing:
            print(f'ok {number} - {title} # SKIP {missing[0]} is not installed')
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(subject, folder, *arguments)
                print(f'ok {number} - {title}', flush=True)
            except Skip as e:
                print(f'ok {number} - {title} # SKIP {" ".join(str(e).split())}', flush=True)
            except Failure as e:
                failed = True
                print(f'not ok {number} - {title}\n' + '\n'.join('# ' + line for line in str(e).splitlines()), flush=True)
    return failed
