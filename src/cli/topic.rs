//! Pages that are about no code in particular.

/// Something to read about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topic {
    /// What `explain` takes: `model`.
    pub name: &'static str,
    /// What it is about, in one line.
    pub summary: &'static str,
    /// Its page, in Markdown.
    pub page: &'static str,
}

impl Topic {
    /// Every topic.
    pub const ALL: &[Self] = &[Self {
        name: "model",
        summary: "what `check` proves, and how: one counterexample from start to end",
        page: include_str!("../../docs/model.md"),
    }];

    /// The topic with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|topic| topic.name == name)
    }
}
