//! Where a session is, and the moments that it can go back to.

use std::sync::Arc;

use crate::ast::Name;
use crate::check::Checked;
use crate::engine::memory::{Memory, MemoryUndo};
use crate::execute::{Mark, Progress, Run};
use crate::lab::Lab;
use crate::plan::{KnownTable, Plan};

/// A script that was checked.
#[derive(Debug)]
pub(super) struct OpenScript {
    pub(super) checked: Checked,
    pub(super) plan: Arc<Plan>,
    /// Tables that something other than the script describes.
    pub(super) known: Vec<KnownTable>,
}

/// A script and how far it has come.
pub(super) struct Present {
    pub(super) opened: Arc<OpenScript>,
    pub(super) run: Run<Memory>,
    /// The rows and schema of the start.
    pub(super) start: Arc<Memory>,
    /// How many times somebody has written since the start.
    pub(super) writes: usize,
    /// Applications that wait for their `deploy` to become part of the script: name and declaration.
    pub(super) waiting: Vec<(Name, String)>,
}

/// A moment before something was done.
pub(super) struct Moment {
    /// What was done then, in words.
    pub(super) title: String,
    opened: Arc<OpenScript>,
    progress: WayBack,
    memory: Memory,
    start: Arc<Memory>,
    writes: usize,
    waiting: Vec<(Name, String)>,
}

impl Moment {
    /// The same, under another title.
    pub(super) fn titled(self, title: String) -> Self {
        Self { title, ..self }
    }

    /// The statement that was next.
    fn position(&self) -> usize {
        match &self.progress {
            WayBack::Mark(mark) => mark.position(),
            WayBack::Whole(progress) => progress.position(),
        }
    }
}

/// How far a run had come.
enum WayBack {
    /// Only statements were done since.
    Mark(Mark),
    /// Something else happened since.
    Whole(Progress<MemoryUndo>),
}

impl Present {
    pub(super) fn new(lab: Lab) -> Self {
        let Lab { checked, plan, memory, known } = lab;
        let start = Arc::new(memory.clone());
        let run = Run::new(Arc::clone(&plan), memory);
        Self { opened: Arc::new(OpenScript { checked, plan, known }), run, start, writes: 0, waiting: Vec::new() }
    }

    pub(super) fn memory(&self) -> &Memory {
        self.run.engine()
    }

    /// Whether nothing was done or written yet.
    pub(super) fn is_untouched(&self) -> bool {
        self.writes == 0 && self.run.history().entries().is_empty() && self.run.position() == 0
    }

    /// This moment, before a statement is done.
    pub(super) fn before_step(&self, title: String) -> Moment {
        self.moment(title, WayBack::Mark(self.run.mark()))
    }

    /// This moment, before anything else.
    pub(super) fn before(&self, title: String) -> Moment {
        self.moment(title, WayBack::Whole(self.run.progress()))
    }

    fn moment(&self, title: String, progress: WayBack) -> Moment {
        let (opened, start) = (Arc::clone(&self.opened), Arc::clone(&self.start));
        let (memory, waiting) = (self.memory().clone(), self.waiting.clone());
        Moment { title, opened, progress, memory, start, writes: self.writes, waiting }
    }

    /// Goes back to the newest moment kept.
    pub(super) fn go_back(&mut self, moment: Moment) {
        self.run.extend(Arc::clone(&moment.opened.plan));
        match moment.progress {
            WayBack::Mark(mark) => self.run.rewind(mark),
            WayBack::Whole(progress) => self.run.restore(progress),
        }
        *self.run.engine_mut() = moment.memory;
        self.opened = moment.opened;
        self.start = moment.start;
        self.writes = moment.writes;
        self.waiting = moment.waiting;
    }

    /// Back to the start, with the script as it is now.
    pub(super) fn restart(&mut self) {
        let mut memory = (*self.start).clone();
        memory.set_facts(Arc::clone(&self.opened.plan.facts));
        memory.set_apps(self.opened.plan.apps.to_vec());
        self.run = Run::new(Arc::clone(&self.opened.plan), memory);
        self.writes = 0;
    }

    /// What the statements done since a moment do; none where none was.
    pub(super) fn title_since(&self, moment: &Moment) -> Option<String> {
        let steps = &self.run.plan().steps;
        let done = steps.get(moment.position()..self.run.position()).unwrap_or_default();
        let titles: Vec<&str> = done.iter().map(|step| step.title.as_str()).collect();
        (!titles.is_empty()).then(|| titles.join("; "))
    }

    /// Goes on with another plan; the statements done so far are the same in both.
    pub(super) fn replan(&mut self, opened: OpenScript) {
        self.run.engine_mut().set_facts(Arc::clone(&opened.plan.facts));
        self.run.engine_mut().set_apps(opened.plan.apps.to_vec());
        self.run.extend(Arc::clone(&opened.plan));
        self.opened = Arc::new(opened);
    }
}
