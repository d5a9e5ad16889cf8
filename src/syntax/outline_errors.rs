//! Diagnostics for what is wrong around statements: quotes, braces, heads of blocks, phases and headers.

use crate::ast::{Phase, StatementKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::phrase::{meant, nearest};
use crate::source::Span;
use crate::syntax::keywords;
use crate::syntax::limits;
use crate::syntax::split::{SplitFault, SplitFaultKind};

fn syntax(message: impl Into<String>, span: Span, label: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::Syntax, message, span, label)
}

/// What there is to say about a fault of the splitter.
pub(super) fn diagnostic(text: &str, fault: SplitFault) -> Diagnostic {
    let span = fault.span;
    let opener = Span { end: span.start + 1, ..span };
    match fault.kind {
        SplitFaultKind::UnclosedText => syntax("this text is not closed", opener, "it starts here")
            .help("write the closing `'`; a quote inside text is written twice: `''`"),
        SplitFaultKind::UnclosedQuoted => syntax("this quoted name is not closed", opener, "it starts here")
            .help("write the closing `\"` on the same line"),
        SplitFaultKind::UnclosedComment => {
            let opener = Span { end: span.start + 2, ..span };
            syntax("this comment is not closed", opener, "it starts here")
                .help("write the closing `*/`; comments nest, so each `/*` within it needs one as well")
        }
        SplitFaultKind::UnclosedParen => {
            let (open, close) = if &text[span.range()] == "[" { ('[', ']') } else { ('(', ')') };
            syntax(format!("`{open}` is not closed"), span, "opened here").help(format!("write the closing `{close}`"))
        }
        SplitFaultKind::UnclosedBrace => {
            syntax("this block is not closed", span, "opened here").help("write `}` after its last line")
        }
        SplitFaultKind::StrayParen => {
            syntax(format!("`{}` closes nothing", &text[span.range()]), span, "nothing is open here").help("remove it")
        }
        SplitFaultKind::StrayBrace => syntax("`}` closes nothing", span, "no block is open here").help("remove it"),
        SplitFaultKind::TooDeep => limits::nests_too_deeply(span),
        SplitFaultKind::SmartQuote => smart_quote(&text[span.range()], span),
        SplitFaultKind::Control => control(&text[span.range()], span),
        SplitFaultKind::Odd => {
            let written = &text[span.range()];
            syntax(format!("`{written}` means nothing here"), span, "").help(odd_help(written))
        }
    }
}

fn odd_help(written: &str) -> String {
    match written {
        "\u{A0}" => "this is a no-break space: write a plain one".to_owned(),
        "\u{2013}" | "\u{2014}" | "\u{2212}" => "write a plain `-`".to_owned(),
        "\u{2192}" => "write `->`, or `<->` in a sync".to_owned(),
        "\u{2194}" => "write `<->`".to_owned(),
        "\u{2260}" => "write `<>`".to_owned(),
        "\u{2264}" => "write `<=`".to_owned(),
        "\u{2265}" => "write `>=`".to_owned(),
        "#" => {
            "a comment begins with `#` at the start of a line or after a blank; the operators are `#>`, `#>>` and `#-`"
                .to_owned()
        }
        "`" => "names need no quotes; where one does, write double quotes".to_owned(),
        _ => "remove it, or put it in quotes: '…'".to_owned(),
    }
}

fn smart_quote(written: &str, span: Span) -> Diagnostic {
    let plain = if matches!(written, "‘" | "’" | "‚") { "'" } else { "\"" };
    syntax("a typographic quote does not count as a quote", span, "").help(format!("write `{plain}`"))
}

fn control(written: &str, span: Span) -> Diagnostic {
    let code = written.chars().next().map_or(0, u32::from);
    let name = if code == 0 { "a NUL character".to_owned() } else { format!("the control character U+{code:04X}") };
    syntax(format!("{name} does not belong in a script"), span, "here").help("remove it")
}

/// A block whose head opens none.
pub(super) fn unknown_block(head: &str, span: Span, inside: bool) -> Diagnostic {
    let name = head.split('{').next().unwrap_or_default().trim();
    let word = keywords::first_word(name);
    let width = if name.is_empty() { 1 } else { name.len().min(80) };
    let width = (0..=width).rev().find(|at| head.is_char_boundary(*at)).unwrap_or(0);
    let place = Span::new(span.start as usize, span.start as usize + width);
    let known = ["expand", "migrate", "contract", "table", "rows", "app", "view"];
    if inside && known.iter().any(|known| known.eq_ignore_ascii_case(word)) {
        return syntax("blocks cannot be nested", place, "inside another block")
            .help("close the block before it with `}`");
    }
    let near = nearest(word, known);
    let help = match near {
        Some(known) => meant(known),
        None => "blocks are those of `expand`, `migrate`, `contract`, `table NAME`, `add table NAME`, `rows NAME`, \
                 `app NAME` and `view NAME`"
            .to_owned(),
    };
    let message = if word.is_empty() {
        "this block has no word before it".to_owned()
    } else {
        format!("`{word}` does not open a block here")
    };
    let diagnostic = syntax(message, place, "").help(help);
    let others = known.into_iter().filter(|other| Some(*other) != near);
    match near.filter(|_| nearest(word, others).is_none()) {
        Some(known) => {
            let at = Span::new(span.start as usize, span.start as usize + word.len());
            diagnostic.fix(format!("write `{known}`"), at, known)
        }
        None => diagnostic,
    }
}

/// `table t` without its block.
pub(super) fn block_missing(word: &str, span: Span) -> Diagnostic {
    let word = word.to_ascii_lowercase();
    let form = match word.as_str() {
        "table" => "table users { id integer primary key }",
        "app" => "app v1 { reads id  writes id }",
        _ => "view names { reads users.id }",
    };
    syntax(format!("`{word}` needs a name and a block"), span, "expected `{` after this")
        .help(format!("write `{form}`"))
}

/// `expand` and nothing after it.
pub(super) fn phase_alone(phase: Phase, span: Span) -> Diagnostic {
    let word = phase.keyword();
    syntax(format!("`{word}` needs a statement or a block"), span, "expected a statement after this")
        .help(format!("write the statement on the same line, or several as `{word} {{ … }}`"))
}

/// A statement that needs a phase and has none. Where it may stand in either of two, the author says in which.
pub(super) fn missing_phase(span: Span, phase: Phase, allowed: &[Phase]) -> Diagnostic {
    let word = phase.keyword();
    let at = Span { end: span.start, ..span };
    let diagnostic =
        Diagnostic::new(Code::MissingPhase, "this statement has no phase", span, format!("belongs to `{word}`"));
    if let Some(other) = allowed.iter().find(|other| **other != phase) {
        let other = other.keyword();
        return diagnostic.help(format!("write `{word}` before it, or `{other}` if it belongs there"));
    }
    diagnostic.help(format!("write `{word}` before it")).fix(
        format!("write the phase `{word}`"),
        at,
        format!("{word} "),
    )
}

/// A rollout statement or gate in a phase. `word` is the phase before it, where it stands on the same line.
pub(super) fn no_phase(kind: &StatementKind, phase: Phase, span: Span, word: Option<Span>) -> Diagnostic {
    let name = match kind {
        StatementKind::Deploy(_) => "deploy",
        StatementKind::Retire(_) => "retire",
        StatementKind::Confirm(_) => "confirm",
        _ => "wait",
    };
    let message = format!("`{name}` belongs to no phase");
    let diagnostic = Diagnostic::new(Code::WrongPhase, message, span, format!("in `{}`", phase.keyword()));
    match word {
        Some(word) => {
            diagnostic.help(format!("write `{name}` without `{}`", phase.keyword())).fix("remove the phase", word, "")
        }
        None => diagnostic.help("write it between the blocks of the phases"),
    }
}

/// So many mistakes that the reading ends.
pub(super) fn too_many(span: Span) -> Diagnostic {
    syntax("too many mistakes: the rest of the file is not read", Span { end: span.start, ..span }, "read up to here")
        .help("is this a `.mig` script?")
}

/// A header after another.
pub(super) fn second_header(span: Span, first: Span) -> Diagnostic {
    syntax("a script has one header", span, "the second header")
        .label(first, "the first header")
        .help("write the second migration in its own file")
}

/// A header after what it should stand before.
pub(super) fn late_header(span: Span, item: Span) -> Diagnostic {
    syntax("the header comes first", span, "the header").label(item, "this comes before it").help("move it to the top")
}
