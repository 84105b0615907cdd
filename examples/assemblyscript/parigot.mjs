// parigot.mjs: a transform for asc. A function that is decorated with @entry("greeting.v1.Greeter/Hello") is exported under
// that name, which AssemblyScript has no way to write.
import binaryen from 'binaryen';
import { Transform } from 'assemblyscript/transform';

export default class extends Transform {
    afterParse(parser) {
        this.entries = new Map();
        for (const source of parser.sources)
            for (const statement of source.statements)
                for (const decorator of statement.decorators ?? [])
                    if (decorator.name.text === 'entry') this.entries.set(statement.name.text, decorator.args[0].value);
    }

    afterCompile(module) {
        for (const [name, entry] of this.entries) {
            const exported = module.getExport(name);
            if (!exported) throw new Error(`@entry("${entry}"): ${name} is not exported`);
            const { value } = binaryen.getExportInfo(exported);
            module.removeExport(name);
            module.addFunctionExport(value, entry);
        }
    }
}
