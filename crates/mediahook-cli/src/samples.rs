//! The samples that are compiled in: one callback for each documented event type of each sender.

use include_dir::{Dir, include_dir};

use crate::failure::Failure;

static FIXTURES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../tests/fixtures");

/// The names of a sender's samples: event types, and variants such as `PullComplete.failed`.
pub(crate) fn names(sender: &str) -> Vec<&'static str> {
    let files = FIXTURES.get_dir(sender).into_iter().flat_map(Dir::files);
    let mut names: Vec<_> = files.filter_map(|file| file.path().file_stem()?.to_str()).collect();
    names.sort_unstable();
    names
}

/// A sample by its name.
pub(crate) fn get(sender: &str, name: &str) -> Result<&'static [u8], Failure> {
    let file = FIXTURES.get_file(format!("{sender}/{name}.json"));
    file.map(include_dir::File::contents).ok_or_else(|| {
        let known = names(sender).join(", ");
        Failure::Usage(format!("no event type `{name}` of {sender}; `--list` shows all of them: {known}"))
    })
}
