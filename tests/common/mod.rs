//! What several test programs need, compiled into each of them: the built program, a PostgreSQL server, random plans.
#![allow(dead_code, reason = "each test program uses a part of this")]

pub mod both;
pub mod kinds;
pub mod plans;
pub mod postgres;
pub mod random;
pub mod schema;

use std::io::Write;
use std::process::{Command, Stdio};

/// What came of running the program.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn of(command: &mut Command) -> Self {
        Self::from(command.stdin(Stdio::null()).output().unwrap())
    }

    pub fn with_input(command: &mut Command, input: &[u8]) -> Self {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        Self::from(child.wait_with_output().unwrap())
    }
}

impl From<std::process::Output> for Ran {
    fn from(output: std::process::Output) -> Self {
        Self {
            code: output.status.code().expect("the program was not ended by a signal"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The program with arguments, and without the variables that would colour its output.
pub fn miglab(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_miglab"));
    for variable in ["NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR"] {
        command.env_remove(variable);
    }
    command.args(args);
    command
}

pub fn run(args: &[&str]) -> Ran {
    Ran::of(&mut miglab(args))
}
