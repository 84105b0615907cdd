// Is each module valid? Reads paths, one a line; prints "valid", or "invalid" and V8's reason, for each.
import { readFileSync } from 'fs';

function judge(bytes) {
    if (WebAssembly.validate(bytes)) return 'valid';
    try {
        new WebAssembly.Module(bytes);
    } catch (error) {
        return 'invalid ' + error.message.replace('WebAssembly.Module(): ', '').replaceAll(/\s+/g, ' ');
    }
    return 'invalid but compiled';
}

const paths = readFileSync(0, 'utf8').split('\n').filter(Boolean);
console.log(paths.map((path) => judge(readFileSync(path))).join('\n'));
