//! `docs/control.md` is true: its transcripts are run, and nothing is missing from its tables.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use lantern_bmcd::control::protocol::{Code, Operation};
use lantern_bmcd::{Config, Server};
use serde_json::Value;

const PAGE: &str = include_str!("../../../docs/control.md");

/// What may be anything.
const ANY: &str = "…";

#[test]
fn nothing_is_missing() {
    for name in Operation::NAMES {
        assert!(PAGE.contains(&format!("`{name}`")), "{name}");
    }
    let row = |code: &str| format!("| `{code}` | ");
    for code in Code::ALL {
        let code = serde_json::to_value(code).unwrap();
        assert!(PAGE.contains(&row(code.as_str().unwrap())), "{code}");
    }
}

#[tokio::test]
async fn every_transcript_happens() {
    let directory = tempfile::tempdir().unwrap();
    let transcripts: Vec<_> = PAGE.split("```control\n").skip(1).collect();
    assert_eq!(transcripts.len(), 7);
    for (nth, transcript) in transcripts.into_iter().enumerate() {
        let path = directory.path().join(nth.to_string());
        let text = include_str!("../../../examples/bmc.toml");
        let mut config = Config::parse(text, Path::new("examples/bmc.toml")).unwrap();
        config.listen = vec!["127.0.0.1:0".parse().unwrap()];
        config.control = Some(path.clone());
        let server = Server::start(&config, None).unwrap();
        let transcript = transcript.split("```").next().unwrap().to_owned();
        tokio::task::spawn_blocking(move || run(&path, &transcript)).await.unwrap();
        server.stop().await;
    }
}

fn run(path: &Path, transcript: &str) {
    let mut stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    for line in transcript.lines() {
        match line.split_at(2) {
            ("> ", request) => writeln!(stream, "{request}").unwrap(),
            ("< ", expected) => {
                let mut said = String::new();
                reader.read_line(&mut said).unwrap();
                let value: Value = serde_json::from_str(&said).unwrap();
                let expected: Value = serde_json::from_str(expected).unwrap();
                assert!(fits(&value, &expected), "{expected}\nis not\n{said}");
            }
            _ => panic!("{line}"),
        }
    }
}

/// Whether what was said is what is expected.
fn fits(value: &Value, expected: &Value) -> bool {
    match (value, expected) {
        (_, Value::String(any)) if any == ANY => true,
        (Value::Object(value), Value::Object(expected)) => {
            let others = value.keys().filter(|key| !expected.contains_key(*key)).count();
            let given = expected.iter().filter(|(key, _)| *key != ANY);
            (others == 0 || expected.contains_key(ANY))
                && given
                    .clone()
                    .all(|(key, inner)| value.get(key).is_some_and(|is| fits(is, inner)))
        }
        (Value::Array(value), Value::Array(expected)) => {
            value.len() == expected.len() && value.iter().zip(expected).all(|(a, b)| fits(a, b))
        }
        (value, expected) => value == expected,
    }
}
