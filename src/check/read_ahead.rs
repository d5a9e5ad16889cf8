//! The parts of a large script are read on several threads, a little ahead of the check, which takes them in order.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use crate::ast::Statement;
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};
use crate::syntax;

/// Parts that were read and may wait until the check has come to them.
const MOST_WAITING: usize = 2;

/// A part of a script that was read.
struct Part {
    index: usize,
    statements: Vec<Statement>,
    unread: Vec<Diagnostic>,
}

/// Hands every statement of the parts to `take`, in order; gives what could not be read.
pub(super) fn statements(source: &Source, parts: &[Span], take: &mut dyn FnMut(&Statement)) -> Vec<Diagnostic> {
    let mut unread = Vec::new();
    if let [only] = parts {
        return syntax::for_each_statement(source, *only, &mut |statement| take(&statement));
    }
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(parts.len());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(MOST_WAITING);
        for _ in 0..threads {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || read(source, parts, next, &sender));
        }
        drop(sender);
        let mut early: BTreeMap<usize, Part> = BTreeMap::new();
        let mut expected = 0;
        for part in receiver {
            early.insert(part.index, part);
            while let Some(part) = early.remove(&expected) {
                part.statements.iter().for_each(&mut *take);
                unread.extend(part.unread);
                expected += 1;
            }
        }
    });
    unread
}

/// Reads one part after the other until none is left.
fn read(source: &Source, parts: &[Span], next: &AtomicUsize, sender: &SyncSender<Part>) {
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(span) = parts.get(index) else { return };
        let mut statements = Vec::new();
        let unread = syntax::for_each_statement(source, *span, &mut |statement| statements.push(statement));
        if sender.send(Part { index, statements, unread }).is_err() {
            return;
        }
    }
}
