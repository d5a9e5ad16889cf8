//! Texts of one shape are read once. The grammar sees a name by its letters being letters and a number by its digits
//! being digits, never by what they spell; so a text whose names, values and digits are blotted out is read as the text
//! itself is, and another text that looks the same with its own blotted out has the same nodes at the same places. A
//! script of a hundred thousand statements has a few dozen shapes.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::syntax::grammar::Rule;
use crate::syntax::lex::in_word;
use crate::syntax::tree::{self, Tree, Unread};

/// How many shapes a thread keeps, over all the scripts that it reads.
const MAX_SHAPES: usize = 1024;
/// Longer texts are read one by one, in bytes.
const MAX_LENGTH: usize = 512;
/// What stands for each byte of a name or of a value; no word of the grammar is made of it.
const BLOT: u8 = b'x';

/// The words of the grammar, by [`slot`]: they are what a shape keeps. Its single letters are units, which stand right
/// after digits, and looks ahead at words that follow in whole.
static WORDS: LazyLock<Vec<Vec<&[u8]>>> = LazyLock::new(|| {
    let text = include_str!("../../grammar/mig.pest");
    let mut slots: Vec<Vec<&[u8]>> = Vec::new();
    for word in text.split("^\"").skip(1).filter_map(|rest| rest.split('"').next()).filter(|word| word.len() > 1) {
        let (word, slot) = (word.as_bytes(), slot(word.as_bytes()));
        slots.resize_with(slots.len().max(slot + 1), Vec::new);
        if !slots[slot].contains(&word) {
            slots[slot].push(word);
        }
    }
    slots
});

thread_local! {
    static SHAPES: RefCell<Shapes> = RefCell::default();
}

/// The nodes that `rule` finds in `text`.
///
/// # Errors
/// `rule` does not read it.
pub(super) fn read(rule: Rule, text: &str) -> Result<Rc<Tree>, Unread> {
    SHAPES.with_borrow_mut(|shapes| shapes.read(rule, text))
}

/// The shapes that were read last, each with its nodes.
#[derive(Default)]
struct Shapes {
    /// By the shape, which ends with the rule that reads it.
    known: FxHashMap<Box<[u8]>, Rc<Tree>>,
    shape: Vec<u8>,
}

impl Shapes {
    fn read(&mut self, rule: Rule, text: &str) -> Result<Rc<Tree>, Unread> {
        if text.len() > MAX_LENGTH || !blot(text, &mut self.shape) {
            return tree::read(rule, text).map(Rc::new);
        }
        self.shape.extend((rule as u16).to_le_bytes());
        if let Some(tree) = self.known.get(self.shape.as_slice()) {
            return Ok(tree.clone());
        }
        let shape = std::str::from_utf8(&self.shape[..text.len()]).unwrap_or_default();
        let Ok(tree) = tree::read(rule, shape) else {
            return tree::read(rule, text).map(Rc::new);
        };
        let tree = Rc::new(tree);
        if self.known.len() >= MAX_SHAPES {
            self.known.clear();
        }
        self.known.insert(self.shape.as_slice().into(), tree.clone());
        Ok(tree)
    }
}

/// Writes the shape of `text`, which is as long as it; `false` where it has none, since its quotes are not closed or
/// there are letters other than ASCII's outside them.
fn blot(text: &str, shape: &mut Vec<u8>) -> bool {
    let bytes = text.as_bytes();
    shape.clear();
    let mut pos = 0;
    while let Some(&byte) = bytes.get(pos) {
        let end = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'0'..=b'9' => end_of_word(bytes, pos),
            b'\'' | b'"' => match end_of_quoted(bytes, pos) {
                Some(end) => end,
                None => return false,
            },
            0x80.. => return false,
            _ => pos + 1,
        };
        let part = &bytes[pos..end];
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' if !is_kept(part) => shape.resize(end, BLOT),
            b'0'..=b'9' => shape.extend(part.iter().map(|b| if b.is_ascii_digit() { b'1' } else { *b })),
            b'\'' | b'"' => {
                shape.push(byte);
                shape.resize(end - 1, BLOT);
                shape.push(byte);
            }
            _ => shape.extend_from_slice(part),
        }
        pos = end;
    }
    true
}

/// Whether a word is one of the grammar's.
fn is_kept(word: &[u8]) -> bool {
    WORDS.get(slot(word)).is_some_and(|words| words.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

/// Where a word is looked for: by its length and its first letter, in any case.
fn slot(word: &[u8]) -> usize {
    word.len() * 32 + usize::from(word.first().copied().unwrap_or_default() & 31)
}

fn end_of_word(bytes: &[u8], start: usize) -> usize {
    let length = bytes[start..].iter().position(|b| !in_word(*b));
    length.map_or(bytes.len(), |length| start + length)
}

/// Where the text or name between quotes that starts at `start` ends, if it does.
fn end_of_quoted(bytes: &[u8], start: usize) -> Option<usize> {
    let (quote, mut pos) = (bytes[start], start + 1);
    loop {
        pos += bytes[pos..].iter().position(|b| *b == quote)?;
        if bytes.get(pos + 1) != Some(&quote) {
            return Some(pos + 1);
        }
        pos += 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(text: &str) -> Rc<Tree> {
        read(Rule::statement, text).unwrap()
    }

    #[test]
    fn texts_of_one_shape_share_their_nodes() {
        let first = nodes("backfill a1 from lower(b) || 'x' where n > 10 in batches of 500");
        let second = nodes("backfill t_ from upper(c) || '+' where m > 99 in batches of 123");
        assert!(Rc::ptr_eq(&first, &second));
    }

    #[test]
    fn a_word_of_the_grammar_makes_another_shape() {
        let column = nodes("backfill a from bcde");
        let constant = nodes("backfill a from null");
        assert_ne!(column.listed(), constant.listed());
        assert!(read(Rule::statement, "backfill a from when").is_err());
    }

    #[test]
    fn a_shape_has_the_nodes_of_its_text() {
        let texts = [
            "backfill a from 'it''s' || \"B\"\"c\" || 1_000.5e3 || .5 || t.from",
            "backfill a from case when b is not null then -1 else (c)::numeric(10, 2) end pause 50ms",
            "backfill a from trim(leading 'x' from b) || extract(year from c) || date '2020-01-01'",
            "backfill größe from länge",
            "add column a doubleprecision",
            "add column a double precision not null default ''",
            "add column a character varyingly",
            "add foreign key (a) references b (c) on delete noaction",
            "add foreign key (a) references b (c) on delete whatever",
            "backfill a$b from c\n where d",
            "drop sync a.b <-> c",
            "confirm \"\"",
            "deploy \"\"",
            "wait 10m",
            "wait 10x",
            "verify a in (1, 2) and not b like 'c%'",
            "backfill a from 'open",
            "",
        ];
        for _ in 0..2 {
            for text in texts {
                let direct = tree::read(Rule::statement, text).map(|tree| tree.listed()).ok();
                assert_eq!(read(Rule::statement, text).map(|tree| tree.listed()).ok(), direct, "{text}");
            }
        }
    }

    #[test]
    fn shapes_do_not_pile_up() {
        for length in 1..=2 * MAX_SHAPES {
            let text = format!("deploy {}", "v".repeat(length % (MAX_LENGTH - 8) + 1));
            assert!(read(Rule::statement, &text).is_ok());
            assert!(read(Rule::statements, &text).is_ok());
            assert!(read(Rule::verify, &text[7..]).is_ok());
        }
        assert!(SHAPES.with_borrow(|shapes| shapes.known.len()) <= MAX_SHAPES);
    }
}
