//! What to do about a fault, where the program that runs the plan has names of its own for some of it.

use std::fmt;
use std::ops::Deref;

/// What can be done about a fault with the program that runs the plan. What it is called there, the program knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayOn {
    /// Go on with the run.
    Resume,
    /// Ask how far the run is, and who runs it.
    Status,
}

/// What to do about a fault. As text it names a way on by its function in [`operate`](crate::operate).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Help {
    text: String,
    /// A way on, and where in the text its name stands.
    way_on: Option<(usize, WayOn)>,
}

impl WayOn {
    fn name(self) -> &'static str {
        match self {
            Self::Resume => "`resume`",
            Self::Status => "`status`",
        }
    }
}

impl Help {
    /// Help that names a way on between two texts.
    #[must_use]
    pub fn naming(before: &str, way_on: WayOn, after: &str) -> Self {
        Self { text: [before, way_on.name(), after].concat(), way_on: Some((before.len(), way_on)) }
    }

    /// The text, with the name that a program has for the way on.
    #[must_use]
    pub fn with_names(&self, name: impl Fn(WayOn) -> String) -> String {
        let Some((at, way_on)) = self.way_on else { return self.text.clone() };
        let (before, after) = (&self.text[..at], &self.text[at + way_on.name().len()..]);
        [before, &name(way_on), after].concat()
    }
}

impl Deref for Help {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl From<String> for Help {
    fn from(text: String) -> Self {
        Self { text, way_on: None }
    }
}

impl From<&str> for Help {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Help> for String {
    fn from(help: Help) -> Self {
        help.text
    }
}
