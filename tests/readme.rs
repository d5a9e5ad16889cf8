//! The commands of the README, and what they print. `TRYCMD=overwrite cargo test --test readme` rewrites the output.

#[test]
fn every_command_of_the_readme_prints_what_it_shows() {
    trycmd::TestCases::new().case("README.md").env("NO_COLOR", "1");
}

/// Commands in `sh` blocks build or install; what they run is tested here with the program that is already built.
#[test]
fn every_script_that_the_readme_names_is_there() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let named = readme.split_whitespace().map(|word| word.trim_matches(['`', '(', ')', ',', '.']));
    let paths = named.filter_map(|word| word.split('=').next_back().filter(|path| path.starts_with("scripts/")));
    let missing: Vec<_> = paths.filter(|path| !std::path::Path::new(path).exists()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
