//! What a run tells while it is on its way, and how Ctrl-C stops it.

mod bar;
mod json_lines;
mod pace;

pub use bar::Bar;
pub use json_lines::JsonLines;

use super::interrupt;
use crate::execute::Observer;

/// Tells nothing.
pub struct Quiet;

impl Observer for Quiet {
    fn stops(&mut self) -> bool {
        interrupt::interrupted()
    }
}
