//! What the documentation says is so: its commands print what it shows, its examples do what they are there for.

#[path = "../common/mod.rs"]
mod common;

mod apps_page;
mod book;
mod explain_examples;
mod language;
mod model_page;
mod pages;
mod pictures;
mod readme;
