//! The commands of the README, and what they print. `TRYCMD=overwrite cargo test --test docs readme` rewrites the output.

/// What the README runs on a database finds the table that its plan starts from.
#[test]
fn every_command_of_the_readme_prints_what_it_shows() {
    let server = crate::common::postgres::TestServer::start();
    let url = server.database("readme");
    let mut client = postgres::Client::connect(&url, postgres::NoTls).unwrap();
    client
        .batch_execute(
            "create table users (id integer primary key, username text not null, email text);
             insert into users values (1, 'alice', 'alice@example.com'), (2, 'bob', 'bob@example.com');
             analyze users",
        )
        .unwrap();
    trycmd::TestCases::new().case("README.md").env("NO_COLOR", "1").env("DATABASE_URL", url);
}

/// The session is typed line by line after its prompts `> `; the rest of the block is what it prints.
#[test]
fn the_session_of_the_readme_prints_what_it_shows() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let block = readme.split("```text\n$ miglab repl ").nth(1).expect("a session").split("```").next().unwrap();
    let (script, session) = block.split_once('\n').unwrap();
    let typed: Vec<&str> = session.lines().filter_map(|line| line.strip_prefix("> ")).collect();
    let shown: Vec<&str> = session.lines().filter(|line| !line.starts_with("> ")).collect();
    assert!(typed.len() > 3 && shown.len() > typed.len(), "{session}");
    let mut command = crate::common::miglab(&["repl", script]);
    let ran = crate::common::Ran::with_input(&mut command, format!("{}\n", typed.join("\n")).as_bytes());
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    snapbox::assert_data_eq!(ran.out, format!("{}\n", shown.join("\n")));
}

/// Commands in `sh` blocks build or install; what they run is tested here with the program that is already built.
#[test]
fn every_script_that_the_readme_names_is_there() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let words = readme.split(|c: char| c.is_whitespace() || "`()[]=,:;".contains(c));
    let paths: Vec<_> = words.filter(|word| word.starts_with("scripts/") && word.contains('.')).collect();
    assert!(paths.len() > 20, "{paths:?}");
    let missing: Vec<_> = paths.into_iter().filter(|path| !std::path::Path::new(path).exists()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_readme_lists_the_functions() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let listed = readme.split("\nFunctions: ").nth(1).expect("a list").split("\n\n").next().unwrap();
    let mut listed: Vec<&str> = listed.split('`').skip(1).step_by(2).collect();
    let mut known: Vec<&str> = miglab::expr::function_names().collect();
    listed.sort_unstable();
    known.sort_unstable();
    known.dedup();
    assert_eq!(listed, known);
}
