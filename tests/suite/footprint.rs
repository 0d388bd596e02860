//! What the binaries are linked from: nothing that was once kept out, and no more than `benches/guard` allows.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Kept out, and why: a cold start downloads, maps and starts what is linked.
const KEPT_OUT: &[(&str, &str)] = &[
    ("aws-lc-rs", "gathers entropy for 40 ms at the start; rustls has ring"),
    ("aws-lc-sys", "gathers entropy for 40 ms at the start; rustls has ring"),
    ("aws-sdk-signin", "Lambda's credentials are in the environment"),
    ("aws-sdk-sso", "Lambda's credentials are in the environment"),
    ("aws-sdk-ssooidc", "Lambda's credentials are in the environment"),
    ("chrono", "there is time"),
    ("native-tls", "one TLS stack, and it is rustls"),
    ("openssl", "one TLS stack, and it is rustls"),
    ("openssl-sys", "one TLS stack, and it is rustls"),
    ("regex", "large, and no pattern is matched here"),
    ("regex-automata", "comes with regex, or with the env-filter of tracing-subscriber"),
    ("reqwest", "there is hyper-util's client, which leaves a signed target as it is"),
    ("rustls-platform-verifier", "the roots are built in, or a file"),
    ("s2n-tls", "one TLS stack, and it is rustls"),
    ("webpki-roots", "the roots are built in, or a file"),
];

#[test]
fn the_binaries_are_linked_from_what_was_chosen() {
    let crates = crates();
    for (name, why) in KEPT_OUT {
        let found = crates.iter().find(|package| package.split(' ').next() == Some(*name));
        assert_eq!(
            found, None,
            "{name} was kept out: {why}. `cargo tree --invert {name}` tells who brings it"
        );
    }
    let most = most();
    assert!(
        crates.len() <= most,
        "{} crates, and {most} at the most. If another is worth it, raise the limit in \
         benches/guard/limits.json. All of them: {crates:#?}",
        crates.len()
    );
}

/// Name and version of each, our own included; not those that run in the compiler alone.
fn crates() -> BTreeSet<String> {
    let tree = ["tree", "--locked", "--offline", "--edges", "normal,no-proc-macro", "--prefix", "none"];
    let root = env!("CARGO_MANIFEST_DIR");
    let done =
        Command::new(env!("CARGO")).args(tree).args(["--format", "{p}"]).current_dir(root).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let lines = String::from_utf8(done.stdout).unwrap();
    let crates = lines.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "));
    crates.filter(|package| !package.is_empty()).collect()
}

/// As `benches/guard` reckons it.
fn most() -> usize {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/guard/limits.json");
    let limits: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let crates = &limits["both"]["crates"];
    let (measured, margin) =
        (crates["measured"].as_u64().unwrap(), crates["margin_percent"].as_u64().unwrap());
    usize::try_from(measured * (100 + margin) / 100).unwrap()
}
