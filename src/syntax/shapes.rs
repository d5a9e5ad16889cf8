//! Texts of one shape are read once. The grammar sees a name by its letters being letters and a number by its digits
//! being digits, never by what they spell; so a text whose names, values and digits are blotted out is read as the text
//! itself is, and another text that looks the same with its own blotted out has the same nodes at the same places. A
//! script of a hundred thousand statements has a few dozen shapes.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::LazyLock;

use crate::syntax::grammar::{self, Rule, Unread};
use crate::syntax::tree::Tree;

/// How many shapes are kept.
const MAX_SHAPES: usize = 1024;
/// Longer texts are read one by one, in bytes.
const MAX_LENGTH: usize = 512;

/// The words of the grammar, by their length: they are what a shape keeps.
static WORDS: LazyLock<Vec<Vec<&str>>> = LazyLock::new(|| {
    let text = include_str!("../../grammar/mig.pest");
    let mut by_length: Vec<Vec<&str>> = Vec::new();
    for word in text.split("^\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        by_length.resize_with(by_length.len().max(word.len() + 1), Vec::new);
        if !by_length[word.len()].contains(&word) {
            by_length[word.len()].push(word);
        }
    }
    by_length
});

/// The shapes of one script, each with its nodes.
#[derive(Default)]
pub(super) struct Shapes {
    known: HashMap<Rule, HashMap<Box<str>, Rc<Tree>>>,
    count: usize,
    shape: String,
}

impl Shapes {
    /// The nodes that `rule` finds in `text`.
    ///
    /// # Errors
    /// `rule` does not read it.
    pub(super) fn read(&mut self, rule: Rule, text: &str) -> Result<Rc<Tree>, Unread> {
        if text.len() > MAX_LENGTH || !blot(text, &mut self.shape) {
            return grammar::read(rule, text).map(Rc::new);
        }
        let known = self.known.entry(rule).or_default();
        if let Some(tree) = known.get(self.shape.as_str()) {
            return Ok(tree.clone());
        }
        let Ok(tree) = grammar::read(rule, &self.shape) else {
            return grammar::read(rule, text).map(Rc::new);
        };
        let tree = Rc::new(tree);
        if self.count < MAX_SHAPES {
            self.count += 1;
            known.insert(self.shape.as_str().into(), tree.clone());
        }
        Ok(tree)
    }
}

/// Writes the shape of `text`, which is as long as it; `false` where it has none, since its quotes are not closed or
/// there are letters other than ASCII's outside them.
fn blot(text: &str, shape: &mut String) -> bool {
    let bytes = text.as_bytes();
    shape.clear();
    let mut pos = 0;
    while let Some(&byte) = bytes.get(pos) {
        let end = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => word(text, pos, shape),
            b'0'..=b'9' => number(text, pos, shape),
            b'\'' | b'"' => match quoted(bytes, pos, shape) {
                Some(end) => end,
                None => return false,
            },
            0x80.. => return false,
            _ => {
                shape.push(char::from(byte));
                pos + 1
            }
        };
        pos = end;
    }
    true
}

/// A word of the grammar stays, any other is blotted out.
fn word(text: &str, start: usize, shape: &mut String) -> usize {
    let end = end_of_word(text.as_bytes(), start);
    let word = &text[start..end];
    let kept = WORDS.get(word.len()).is_some_and(|words| words.iter().any(|known| known.eq_ignore_ascii_case(word)));
    if kept {
        shape.push_str(word)
    } else {
        blots(end - start, shape)
    }
    end
}

fn end_of_word(bytes: &[u8], start: usize) -> usize {
    let rest = bytes[start..].iter();
    start + rest.take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$')).count()
}

/// The digits of a number become ones; its unit and its `_` stay.
fn number(text: &str, start: usize, shape: &mut String) -> usize {
    let end = end_of_word(text.as_bytes(), start);
    shape.extend(text[start..end].chars().map(|c| if c.is_ascii_digit() { '1' } else { c }));
    end
}

/// What stands between quotes is blotted out; the quotes stay. An empty name is none, so `""` is as it is.
fn quoted(bytes: &[u8], start: usize, shape: &mut String) -> Option<usize> {
    let (quote, mut pos) = (bytes[start], start + 1);
    loop {
        pos += bytes[pos..].iter().position(|b| *b == quote)?;
        if bytes.get(pos + 1) != Some(&quote) {
            break;
        }
        pos += 2;
    }
    shape.push(char::from(quote));
    blots(pos - start - 1, shape);
    shape.push(char::from(quote));
    Some(pos + 1)
}

fn blots(mut length: usize, shape: &mut String) {
    const BLOTS: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    while length > 0 {
        let taken = length.min(BLOTS.len());
        shape.push_str(&BLOTS[..taken]);
        length -= taken;
    }
}
