//! A session on a terminal: line editing, completion, hints, colours and a history that outlives the session.

use std::borrow::Cow;
use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::config::ColorMode;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter, HistoryHinter};
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use crate::repl::{Completion, Session, Vocabulary, arguments_hint, complete, is_incomplete};
use crate::report::Terminal;
use crate::report::terminal::Paint;
use crate::syntax::{TokenKind, highlight};

/// How many lines the history keeps.
const MOST_LINES: usize = 2000;

/// Reads lines until the session is over. Ctrl-C clears the line, Ctrl-D ends the session. `before_line` is called
/// before each line is done.
///
/// # Errors
/// The terminal cannot be read or written.
pub fn run(session: &mut Session, terminal: Terminal, before_line: &dyn Fn()) -> io::Result<()> {
    let mut editor = editor(terminal).map_err(to_io)?;
    let file = history_file();
    if let Some(file) = &file {
        editor.load_history(file).ok();
    }
    write(&session.greeting())?;
    loop {
        if let Some(aid) = editor.helper_mut() {
            aid.vocabulary = session.vocabulary();
        }
        let prompt = session.prompt();
        let styled = terminal.paint(&prompt, Paint::Bold);
        let line = match editor.readline(&(prompt, styled)) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(to_io(error)),
        };
        remember(&mut editor, file.as_ref(), &line);
        before_line();
        let reply = session.last_line(&line);
        write(&reply.text)?;
        if reply.quit {
            return Ok(());
        }
    }
}

type LineEditor = Editor<Aid, DefaultHistory>;

fn editor(terminal: Terminal) -> rustyline::Result<LineEditor> {
    let color = if terminal.color { ColorMode::Enabled } else { ColorMode::Disabled };
    let config = Config::builder()
        .max_history_size(MOST_LINES)?
        .history_ignore_dups(true)?
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .color_mode(color)
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Aid::new(terminal)));
    Ok(editor)
}

/// Keeps a line in the history. Where that fails, the session goes on without.
fn remember(editor: &mut LineEditor, file: Option<&PathBuf>, line: &str) {
    if line.trim().is_empty() || !editor.add_history_entry(line).unwrap_or(false) {
        return;
    }
    if let Some(file) = file {
        file.parent().map(fs::create_dir_all);
        editor.append_history(file).ok();
    }
}

/// Where the history is kept: `$MIGLAB_HISTORY`, else in the folder for state; nowhere if both are unknown.
fn history_file() -> Option<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = || set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")));
    set("MIGLAB_HISTORY").or_else(|| Some(state()?.join("miglab/history")))
}

fn write(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn to_io(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::Io(error) => error,
        error => io::Error::other(error),
    }
}

/// What helps while a line is typed.
struct Aid {
    terminal: Terminal,
    vocabulary: Vocabulary,
    files: FilenameCompleter,
    history: HistoryHinter,
}

impl Aid {
    fn new(terminal: Terminal) -> Self {
        let (files, history) = (FilenameCompleter::new(), HistoryHinter::new());
        Self { terminal, vocabulary: Vocabulary::default(), files, history }
    }
}

impl Helper for Aid {}

impl Completer for Aid {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, context: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        match complete(line, at, &self.vocabulary) {
            Completion::Files(_) => self.files.complete(line, at, context),
            Completion::Words(start, words) => {
                let pair = |word: String| Pair { display: word.clone(), replacement: word + " " };
                Ok((start, words.into_iter().map(pair).collect()))
            }
        }
    }
}

/// A dim text after the cursor. Only one from the history can be taken over.
struct Suggestion {
    text: String,
    from_history: bool,
}

impl Hint for Suggestion {
    fn display(&self) -> &str {
        &self.text
    }

    fn completion(&self) -> Option<&str> {
        self.from_history.then_some(&*self.text)
    }
}

impl Hinter for Aid {
    type Hint = Suggestion;

    fn hint(&self, line: &str, at: usize, context: &Context<'_>) -> Option<Suggestion> {
        if !self.terminal.color || at < line.len() {
            return None;
        }
        let past = self.history.hint(line, at, context).filter(|text| !text.contains('\n'));
        let past = past.map(|text| Suggestion { text, from_history: true });
        past.or_else(|| arguments_hint(line).map(|text| Suggestion { text, from_history: false }))
    }
}

impl Validator for Aid {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let incomplete = is_incomplete(context.input());
        Ok(if incomplete { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

impl Highlighter for Aid {
    fn highlight<'l>(&self, line: &'l str, _at: usize) -> Cow<'l, str> {
        if self.terminal.color { Cow::Owned(colored(line, self.terminal)) } else { Cow::Borrowed(line) }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(self.terminal.paint(hint, Paint::Dim))
    }

    fn highlight_char(&self, _line: &str, _at: usize, _kind: CmdKind) -> bool {
        self.terminal.color
    }
}

/// A line with its words painted by what they are.
fn colored(line: &str, terminal: Terminal) -> String {
    let (mut text, mut end) = (String::with_capacity(line.len() * 2), 0);
    for (range, kind) in highlight(line) {
        let (Some(between), Some(token)) = (line.get(end..range.start), line.get(range.clone())) else { continue };
        text += between;
        text += &match paint_of(kind) {
            Some(paint) => terminal.paint(token, paint),
            None => token.to_owned(),
        };
        end = range.end;
    }
    text + line.get(end..).unwrap_or_default()
}

fn paint_of(kind: TokenKind) -> Option<Paint> {
    match kind {
        TokenKind::Keyword => Some(Paint::Cyan),
        TokenKind::Type => Some(Paint::Green),
        TokenKind::String | TokenKind::Number => Some(Paint::Yellow),
        TokenKind::Comment => Some(Paint::Dim),
        TokenKind::Name | TokenKind::Operator => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn painting_keeps_the_text() {
        for line in ["expand add column x text # why", "é 'open", "\u{1F600} {", ""] {
            let terminal = Terminal { color: true, ..Terminal::plain() };
            let painted = colored(line, terminal);
            let mut plain = String::new();
            let mut parts = painted.split('\u{1b}');
            plain += parts.next().unwrap_or_default();
            parts.for_each(|part| plain += part.split_once('m').unwrap().1);
            assert_eq!(plain, line);
        }
    }
}
