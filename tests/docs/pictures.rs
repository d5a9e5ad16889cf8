//! The pictures of the README, drawn from what the program prints. `SNAPSHOTS=overwrite cargo test --test docs pictures`
//! draws them again.

use std::path::Path;

use snapbox::data::DataFormat;
use snapbox::{Assert, Data};

use crate::common::miglab;

/// A picture of what the program prints up to a text, with the command above it.
fn picture(file: &str, folder: &str, args: &[&str], end: &str) {
    let output = miglab(args).current_dir(folder).env("FORCE_COLOR", "1").output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let (printed, _) = printed.split_once(end).expect("the text is printed");
    let command = format!("\u{1b}[2m$\u{1b}[0m \u{1b}[1mmiglab {}\u{1b}[0m", args.join(" "));
    let shown = format!("{command}\n\n{}", printed.trim_end());
    let svg = anstyle_svg::Term::new().palette(anstyle_svg::WIN10_CONSOLE).render_svg(&shown);
    let expected = Data::read_from(&Path::new("docs").join(file), Some(DataFormat::Text));
    Assert::new().action_env("SNAPSHOTS").eq(svg, expected);
}

#[test]
fn the_pictures_show_what_the_program_prints() {
    picture("counterexample.svg", "tests/cases/prove", &["check", "rename_alone.mig"], "\u{1b}[36mnote:");
    picture("proved.svg", "scripts", &["prove", "rename.mig"], "\u{1b}[1mPoint of no return");
}
