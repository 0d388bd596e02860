//! The page of `cargo run --example local`. Its buttons are clicked in a real browser, where one is installed.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use mediahook_testing::http;
use mediahook_testing::local::Local;

/// An element appears within this time.
const PATIENCE: Duration = Duration::from_secs(90);

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_one_file_and_names_no_other_place() {
    let local = Local::start(0, |_| {}).await.unwrap();
    let page = http::send(local.address, "GET", "/", &[], "").await;
    assert_eq!(page.status, 200);
    for elsewhere in ["https://", "src=", "@import", "url("] {
        assert!(!page.body.contains(elsewhere), "{elsewhere}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_buttons_do_is_seen_on_the_page() {
    let local = Local::start(0, |_| {}).await.unwrap();
    let Some(mut browser) = Browser::open(&format!("http://{}/", local.address)).await else {
        eprintln!("no browser is installed: nothing was clicked");
        return;
    };
    browser.until("document.querySelectorAll('#samples button').length > 40").await;

    browser.click("send").await;
    browser.newest("delivered").await;
    browser
        .until(
            "document.querySelector('#detail pre').textContent.includes('com.tencentcloud.vod.PullComplete')",
        )
        .await;
    browser.click("resend").await;
    browser.newest("same event").await;
    browser.click("forge").await;
    browser.newest("unauthorized").await;
    browser.click("stale").await;
    browser.newest("unauthorized").await;
    browser.click("no-event").await;
    browser.newest("in rejected/").await;
    browser.click("large").await;
    browser.newest("delivered").await;
    browser.until("document.querySelector('#detail pre').textContent.includes('dataref')").await;

    browser.click("break-queue").await;
    browser.until("document.getElementById('queue').classList.contains('broken')").await;
    browser.click("send").await;
    browser.newest("in spill/").await;
    browser.click("break-queue").await;
    browser.until("!document.getElementById('queue').classList.contains('broken')").await;
    // The puller leaves what has just been spilled to its next run. Each run is waited for: a late one would take what the
    // next step puts into the sender's queue.
    let pulled = "act({ do: 'pull' }).then(() => document.querySelector('#entries .chip').textContent === 'delivered')";
    browser.until(pulled).await;

    browser.click("put").await;
    browser.newest("with the sender").await;
    browser.click("pull").await;
    browser.newest("delivered").await;

    browser.evaluate("document.querySelector('#handler [data-mode=\"fails\"]').click()").await;
    browser.until("document.getElementById('processor').classList.contains('broken')").await;
    browser.evaluate("document.querySelectorAll('#sender button')[1].click()").await;
    browser.click("send").await;
    browser.newest("dead letter").await;
    browser.evaluate("document.querySelector('#handler [data-mode=\"works\"]').click()").await;
    browser.until("!document.getElementById('redrive').disabled").await;
    browser.click("redrive").await;
    browser.newest("delivered").await;

    browser.click("clear").await;
    browser.until("document.querySelectorAll('#entries tr').length === 0").await;
    let elsewhere = "performance.getEntriesByType('resource').filter(r => !r.name.startsWith(location.origin + '/local/')).length";
    assert_eq!(browser.evaluate(elsewhere).await, 0);
}

/// A headless Chromium, by its `DevTools` protocol over pipes: JSON messages that end with a zero byte.
struct Browser {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    session: Option<String>,
    calls: u64,
    _process: Child,
    _profile: Profile,
}

struct Profile(PathBuf);

impl Drop for Profile {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Browser {
    /// Nothing if there is no browser.
    async fn open(url: &str) -> Option<Self> {
        let path = std::env::var_os("PATH")?;
        let program = ["chromium", "chromium-browser", "google-chrome"]
            .iter()
            .flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)))
            .find(|program| program.is_file())?;
        let profile = Profile(std::env::temp_dir().join(format!("mediahook-page-{}", std::process::id())));
        // The protocol's pipes are descriptors 3 and 4.
        let mut process = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#])
            .arg(program)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--remote-debugging-pipe",
            ])
            .arg(format!("--user-data-dir={}", profile.0.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let output = BufReader::new(output);
        let mut browser =
            Self { input, output, session: None, calls: 0, _process: process, _profile: profile };
        let target = browser.call("Target.createTarget", json!({ "url": url })).await;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", attach).await;
        browser.session = attached["sessionId"].as_str().map(String::from);
        Some(browser)
    }

    async fn call(&mut self, method: &str, params: Value) -> Value {
        self.calls += 1;
        let mut call = json!({ "id": self.calls, "method": method, "params": params });
        if let Some(session) = &self.session {
            call["sessionId"] = session.as_str().into();
        }
        self.input.write_all(format!("{call}\0").as_bytes()).await.unwrap();
        loop {
            let mut message = Vec::new();
            let read = self.output.read_until(0, &mut message).await.unwrap();
            assert!(read > 0, "the browser ended");
            message.pop();
            let mut message: Value = serde_json::from_slice(&message).unwrap();
            if message["id"] == self.calls {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].take();
            }
        }
    }

    async fn evaluate(&mut self, script: &str) -> Value {
        let params = json!({ "expression": script, "returnByValue": true, "awaitPromise": true });
        self.call("Runtime.evaluate", params).await["result"]["value"].take()
    }

    /// Waits until the script says `true`.
    async fn until(&mut self, script: &str) {
        let began = Instant::now();
        while self.evaluate(script).await != true {
            if began.elapsed() > PATIENCE {
                let shown = self.evaluate("document.body.innerText").await;
                panic!("not within {PATIENCE:?}: {script}\n{}", shown.as_str().unwrap_or_default());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Clicks a button, once it is enabled, and waits until the page has heard what came of it.
    async fn click(&mut self, id: &str) {
        self.until(&format!("document.getElementById('{id}')?.disabled === false")).await;
        let rows = "document.querySelectorAll('#entries tr').length";
        let before = self.evaluate(rows).await;
        self.evaluate(&format!("document.getElementById('{id}').click()")).await;
        if !["pull", "redrive", "clear", "break-queue"].contains(&id) {
            self.until(&format!("{rows} > {before}")).await;
        }
    }

    /// Waits until this is the state of the newest event.
    async fn newest(&mut self, state: &str) {
        let state = format!("document.querySelector('#entries .chip')?.textContent.startsWith('{state}')");
        self.until(&state).await;
    }
}
