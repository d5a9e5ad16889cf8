//! The commands of the README and of the book, and what they print. `TRYCMD=overwrite cargo test --test docs readme`
//! rewrites the output. `docs/model.md` has a test of its own.

/// The texts of the README and of the book, codes apart.
fn pages() -> Vec<String> {
    let entries = std::fs::read_dir("docs").unwrap().map(|entry| entry.unwrap().path());
    let book = entries.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    std::iter::once("README.md".into()).chain(book).map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// What a page runs on a database finds the table that its plan starts from. Only one page may run a plan there: pages are
/// tested side by side.
#[test]
fn every_command_of_the_readme_and_the_book_prints_what_it_shows() {
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
    trycmd::TestCases::new()
        .case("README.md")
        .case("docs/*.md")
        .skip("docs/model.md")
        .env("NO_COLOR", "1")
        .env("DATABASE_URL", url);
}

/// The session is typed line by line after its prompts `> `; the rest of the block is what it prints.
#[test]
fn the_session_of_the_tutorial_prints_what_it_shows() {
    let page = std::fs::read_to_string("docs/tutorial.md").unwrap();
    let block = page.split("```text\n$ miglab repl ").nth(1).expect("a session").split("```").next().unwrap();
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
fn every_script_that_the_pages_name_is_there() {
    let pages = pages().join("\n").replace("../scripts", "scripts");
    let words = pages.split(|c: char| c.is_whitespace() || "`()[]=,:;".contains(c));
    let paths: Vec<_> = words.filter(|word| word.starts_with("scripts/") && word.contains('.')).collect();
    assert!(paths.len() > 20, "{paths:?}");
    let missing: Vec<_> = paths.into_iter().filter(|path| !std::path::Path::new(path).exists()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
