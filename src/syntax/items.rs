//! What stands at the top level of a script, and where: for those who put something between.

use crate::source::{Source, Span};
use crate::syntax::part::{Head, Part};
use crate::syntax::reader::{self, Pass};

/// Something at the top level of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// From its first `allow`, or its first word after the phase, to its end.
    pub span: Span,
    /// How many statements it is; a block of a phase is all those in it.
    pub statements: usize,
    /// The header, or a declaration.
    pub declares: bool,
}

/// The items of a script, in order.
#[must_use]
pub fn items(source: &Source) -> Vec<Item> {
    let mut gatherer = Gatherer::default();
    reader::read(source.text(), source.span(), Pass::All, &mut |event| gatherer.take(event));
    gatherer.items
}

#[derive(Default)]
struct Gatherer {
    items: Vec<Item>,
    /// The blocks that are open: whether each is a statement itself.
    open: Vec<bool>,
    current: Option<Item>,
    allowed: Option<Span>,
}

impl Gatherer {
    fn take(&mut self, event: Part) {
        match event {
            Part::Header(header, allows) => {
                let span = allows.last().map_or(header.span, |last| header.span.to(last.span));
                self.whole(span, 0);
            }
            Part::Allow(allow) if self.open.is_empty() => {
                self.allowed.get_or_insert(allow.span);
            }
            Part::Statement(statement) => match &mut self.current {
                Some(block) => block.statements += 1,
                None => self.whole(statement.span, 1),
            },
            Part::Rows(rows) => self.whole(rows.span, 0),
            Part::Open(head, span) => self.open(&head, span),
            Part::Close(span) => self.close(span),
            Part::Comment { .. } | Part::Blank | Part::Allow(_) | Part::Element(_) | Part::Passed(_) => {}
        }
    }

    fn whole(&mut self, span: Span, statements: usize) {
        let item = self.begun(span, statements == 0);
        self.items.push(Item { statements, ..item });
    }

    fn begun(&mut self, span: Span, declares: bool) -> Item {
        let span = self.allowed.take().map_or(span, |allowed| allowed.to(span));
        Item { span, statements: 0, declares }
    }

    fn open(&mut self, head: &Head, span: Span) {
        if self.open.is_empty() {
            let declares = !matches!(head, Head::Phase(_) | Head::AddTable { .. });
            self.current = Some(self.begun(span, declares));
        }
        self.open.push(matches!(head, Head::AddTable { .. }));
    }

    fn close(&mut self, span: Span) {
        let is_statement = self.open.pop().unwrap_or(false);
        if let Some(block) = &mut self.current {
            block.statements += usize::from(is_statement);
            block.span = block.span.to(span);
        }
        if self.open.is_empty() {
            self.items.extend(self.current.take());
        }
    }
}
