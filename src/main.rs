//! The command `miglab`; all of it is in the library.

fn main() -> std::process::ExitCode {
    miglab::cli::run()
}
