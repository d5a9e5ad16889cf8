//! What a plan asks of values. Each expression, check and default brings obligations: that the expression never fails,
//! that it is null only where what it reads is, that what it gives is admitted where it goes. An obligation is
//! discharged, refuted with a [`Witness`], or stays open.

mod answer;
mod asked;
mod discharge;
pub mod made;
mod question;
mod scenario;
mod witness;

pub use answer::Answer;
pub use question::Judge;
pub use scenario::{Computed, Scenario};
pub use witness::Witness;
