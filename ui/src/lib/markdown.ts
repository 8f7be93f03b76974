/**
 * The little Markdown that a policy of use is written in (headings, paragraphs, lists, emphasis), as a tree to draw, never as HTML text: nothing in it can
 * become markup. Comments (which classes of abuse a clause is about) are for the desk and not drawn. What is not understood is shown as it stands. Pure; linear in the text.
 */
export interface Run {
  text: string;
  strong: boolean;
}
export type Block =
  | { kind: 'heading'; level: number; runs: Run[] }
  | { kind: 'paragraph'; runs: Run[] }
  | { kind: 'list'; ordered: boolean; items: Run[][] };

export function runsOf(text: string): Run[] {
  return text
    .split('**')
    .map((part, i) => ({ text: part, strong: i % 2 === 1 }))
    .filter((run) => run.text !== '');
}

export function parseMarkdown(text: string): Block[] {
  const blocks: Block[] = [];
  let paragraph: string[] = [];
  const flush = () => {
    if (paragraph.length > 0) {
      blocks.push({ kind: 'paragraph', runs: runsOf(paragraph.join(' ')) });
      paragraph = [];
    }
  };
  for (const line of text.replace(/<!--[\s\S]*?-->/g, '').split(/\r?\n/)) {
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    const item = /^\s*(?:[-*]|(\d+)[.)])\s+(.*)$/.exec(line);
    if (heading) {
      flush();
      blocks.push({ kind: 'heading', level: heading[1]?.length ?? 1, runs: runsOf(heading[2] ?? '') });
    } else if (item) {
      flush();
      const ordered = item[1] !== undefined;
      const last = blocks.at(-1);
      if (last?.kind === 'list' && last.ordered === ordered) {
        last.items.push(runsOf(item[2] ?? ''));
      } else {
        blocks.push({ kind: 'list', ordered, items: [runsOf(item[2] ?? '')] });
      }
    } else if (line.trim() === '') {
      flush();
    } else {
      paragraph.push(line.trim());
    }
  }
  flush();
  return blocks;
}
