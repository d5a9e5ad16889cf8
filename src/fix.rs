//! Applies the fixes that findings carry.

use std::collections::BTreeMap;

use crate::check::Findings;
use crate::diagnostic::{Diagnostic, Fix};
use crate::source::{Source, Span};

/// After so many rounds two fixes are taken to undo one another.
const MOST_ROUNDS: usize = 20;

/// A script after its fixes.
#[derive(Debug)]
pub struct Fixed<C> {
    /// The script as it is now, with the findings that are left.
    pub checked: C,
    /// How many fixes were applied.
    pub applied: usize,
}

/// Applies all fixes, checks again, and goes on until none is left.
pub fn fix_all<C: AsRef<Findings>>(mut checked: C, check: impl Fn(Source) -> C) -> Fixed<C> {
    let mut applied = 0;
    for _ in 0..MOST_ROUNDS {
        let Findings { source, diagnostics, .. } = checked.as_ref();
        let (text, count) = apply(source.text(), diagnostics);
        if count == 0 || text == source.text() {
            break;
        }
        applied += count;
        checked = check(Source::new(source.name(), text));
    }
    Fixed { checked, applied }
}

/// The text after the fixes of `diagnostics`, and how many were applied. A fix that overlaps one before it is left for
/// the next round: it is applied whole or not at all.
#[must_use]
pub fn apply(text: &str, diagnostics: &[Diagnostic]) -> (String, usize) {
    let (mut taken, mut applied) = (BTreeMap::new(), 0);
    for fix in diagnostics.iter().filter_map(|diagnostic| diagnostic.fix.as_ref()) {
        if fix.edits.iter().all(|edit| fits(text, edit.span) && is_free(&taken, edit.span)) {
            applied += usize::from(take(&mut taken, fix));
        }
    }
    (replace(text, &taken), applied)
}

/// The text after one fix.
#[must_use]
pub fn apply_one(text: &str, fix: &Fix) -> String {
    let mut taken = BTreeMap::new();
    if fix.edits.iter().all(|edit| fits(text, edit.span)) {
        take(&mut taken, fix);
    }
    replace(text, &taken)
}

/// The edits taken so far: by start, their end and replacement.
type Taken<'a> = BTreeMap<u32, (u32, &'a str)>;

fn fits(text: &str, span: Span) -> bool {
    text.get(span.range()).is_some()
}

/// Whether no taken edit touches the span: edits side by side could mean the same place twice.
fn is_free(taken: &Taken<'_>, span: Span) -> bool {
    taken.range(..=span.end).next_back().is_none_or(|(_, (end, _))| *end < span.start)
}

fn take<'a>(taken: &mut Taken<'a>, fix: &'a Fix) -> bool {
    for edit in &fix.edits {
        taken.insert(edit.span.start, (edit.span.end, &edit.replacement));
    }
    !fix.edits.is_empty()
}

fn replace(text: &str, taken: &Taken<'_>) -> String {
    let (mut replaced, mut from) = (String::with_capacity(text.len()), 0);
    for (start, (end, replacement)) in taken {
        replaced.push_str(&text[from..*start as usize]);
        replaced.push_str(replacement);
        from = *end as usize;
    }
    replaced.push_str(&text[from..]);
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    fn replacing(start: usize, end: usize, replacement: &str) -> Diagnostic {
        let span = Span::new(start, end);
        Diagnostic::new(Code::Syntax, "wrong", span, "").fix("right", span, replacement)
    }

    #[test]
    fn fixes_apart_are_applied_together() {
        let fixes = [replacing(4, 5, "E"), replacing(0, 1, "A"), replacing(2, 2, "_")];
        assert_eq!(apply("abcdef", &fixes), ("Ab_cdEf".to_owned(), 3));
    }

    #[test]
    fn of_overlapping_fixes_the_first_is_applied() {
        let fixes = [replacing(1, 4, "X"), replacing(2, 3, "Y"), replacing(1, 1, "Z"), replacing(4, 5, "W")];
        assert_eq!(apply("abcdef", &fixes), ("aXef".to_owned(), 1));
    }

    #[test]
    fn a_fix_is_applied_whole_or_not() {
        let halves = replacing(0, 1, "A").fix("right", Span::new(3, 4), "D");
        assert_eq!(apply("abcdef", &[replacing(3, 4, "x"), halves]), ("abcxef".to_owned(), 1));
    }

    #[test]
    fn spans_outside_the_text_are_left_alone() {
        assert_eq!(apply("é", &[replacing(1, 2, "x"), replacing(0, 9, "y")]), ("é".to_owned(), 0));
    }

    #[test]
    fn fixing_goes_on_until_nothing_is_left() {
        let check = |source: Source| {
            let diagnostics = source.text().find('b').map(|i| replacing(i, i + 1, "a")).into_iter().collect();
            Findings::new(source, diagnostics)
        };
        let fixed = fix_all(check(Source::new("x", "abbba")), check);
        assert_eq!((fixed.checked.source.text(), fixed.applied), ("aaaaa", 3));
    }

    #[test]
    fn fixes_that_undo_one_another_end() {
        let check = |source: Source| {
            let other = if source.text() == "a" { "b" } else { "a" };
            Findings::new(source, vec![replacing(0, 1, other)])
        };
        assert_eq!(fix_all(check(Source::new("x", "a")), check).applied, MOST_ROUNDS);
    }
}
