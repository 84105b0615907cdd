#!/usr/bin/env python3
"""Files as C: embed.py OUTPUT.c FILE ...: for each file.h a char array native_file[] with its text, and a NUL."""
import os
import sys

with open(sys.argv[1], 'w', encoding='utf-8') as out:
    for path in sys.argv[2:]:
        name = os.path.basename(path).split('.')[0]
        out.write(f'extern const char native_{name}[];\nconst char native_{name}[] =')
        with open(path, encoding='utf-8') as text:
            for line in text:
                escaped = line.rstrip('\n').replace('\\', '\\\\').replace('"', '\\"')
                out.write(f'\n    "{escaped}\\n"')
        out.write(';\n')
