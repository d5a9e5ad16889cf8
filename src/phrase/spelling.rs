//! What was likely meant by a name that stands for nothing.

/// The name of `candidates` that `name` is most likely a slip of: about one letter in three may differ.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// In a table of thousands of columns only the first ones are compared, so that many findings stay linear.
    const MOST_COMPARED: usize = 256;
    candidates
        .into_iter()
        .take(MOST_COMPARED)
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance > 0 && *distance * 3 <= candidate.chars().count().max(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The help for a name that stands for nothing: "did you mean `x`?", where a candidate is near.
#[must_use]
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, candidates).map(meant)
}

/// "did you mean `x`?"
#[must_use]
pub fn meant(near: &str) -> String {
    format!("did you mean `{near}`?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_found_and_another_word_is_not() {
        let names = ["name", "email", "created_at"];
        assert_eq!(nearest("nmae", names), Some("name"));
        assert_eq!(nearest("craeted_a", names), Some("created_at"));
        assert_eq!(nearest("phone", names), None);
        assert_eq!(did_you_mean("emial", names).as_deref(), Some("did you mean `email`?"));
    }
}
