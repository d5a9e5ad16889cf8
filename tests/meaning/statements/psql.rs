//! What `miglab sql` prints is a file that psql can run, and it means the same.

use std::ops::ControlFlow;
use std::process::Command;

use miglab::engine::Engine;

use super::scripts::texts;
use crate::common::both::{Both, database, url_of};
use crate::common::postgres::TestServer;
use crate::common::{Ran, miglab};

#[test]
fn every_script_means_the_same_as_a_file_for_psql() {
    let server = TestServer::start();
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in texts() {
        let mut both = Both::open(&name, &text, database(&server, "psql"));
        let script = folder.path().join("script.mig");
        std::fs::write(&script, &text).unwrap();
        let ran = Ran::of(&mut miglab(&["sql", script.to_str().unwrap()]));
        assert_eq!(ran.code, 0, "{name}: {}", ran.err);
        let file = folder.path().join("script.sql");
        std::fs::write(&file, ran.out).unwrap();
        let url = url_of(&server, "psql");
        let mut psql = Command::new("psql");
        psql.args(["-q", "-X", "-d", &url, "-f"]).arg(&file);
        let done = Ran::with_input(&mut psql, "\n".repeat(20).as_bytes());
        assert_eq!(done.code, 0, "{name}: {}{}", done.out, done.err);
        for step in &both.plan.steps.clone() {
            both.memory.apply(&step.action, &mut |_| ControlFlow::Continue(())).unwrap();
        }
        both.compare(&format!("after psql has run {name}"));
    }
}
