use proptest::prelude::*;
use serde_json::Value;

use super::lines::{LONGEST, Lines, TooLong};
use super::*;

/// As QEMU 7.2 says it.
const TALK: &str = concat!(
    r#"{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "Debian"}, "#,
    r#""capabilities": ["oob"]}}"#,
    "\r\n",
    r#"{"return": {}, "id": 1}"#,
    "\r\n",
    r#"{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "SHUTDOWN", "#,
    r#""data": {"guest": true, "reason": "guest-shutdown"}}"#,
    "\r\n",
    r#"{"id": 2, "error": {"class": "GenericError", "desc": "The bootindex 0 has \u0007"}}"#,
    "\r\n",
);

fn messages(chunks: &[&[u8]]) -> Vec<Message> {
    let mut lines = Lines::default();
    let mut messages = Vec::new();
    for chunk in chunks {
        lines.push(chunk);
        while let Some(line) = lines.next().unwrap() {
            messages.push(Message::parse(&line).unwrap());
        }
    }
    messages
}

#[test]
fn what_qemu_says_is_understood() {
    let [greeting, done, Message::Event(event), refused] = &messages(&[TALK.as_bytes()])[..] else {
        panic!()
    };
    assert_eq!(*greeting, Message::Greeting { version: Some([7, 2, 22]) });
    assert!(matches!(done, Message::Done { id: Some(1), value: Value::Object(_) }));
    assert_eq!((&*event.name, event.text("reason")), ("SHUTDOWN", "guest-shutdown"));
    assert!(event.is_by_guest());
    // Fit for a log.
    let why = "The bootindex 0 has  ".to_owned();
    assert_eq!(*refused, Message::Refused { id: Some(2), why });
}

#[test]
fn what_is_not_qmp_is_nothing() {
    let deep = "[".repeat(100_000);
    for line in ["", "7", "null", "{}", "[]", "{\"event\": 7}", "SSH-2.0-x", "{\"a\":", &deep] {
        assert_eq!(Message::parse(line.as_bytes()), None, "{}", clean(line));
    }
    let odd = br#"{"event": "X", "data": 7}"#;
    assert!(matches!(Message::parse(odd), Some(Message::Event(event)) if event.data.is_empty()));
}

#[test]
fn a_line_has_an_end() {
    let mut lines = Lines::default();
    let chunk = vec![b'x'; 65536];
    let outcome = (0..1000).find_map(|_| {
        lines.push(&chunk);
        assert!(lines.next().is_err() || lines.is_bounded());
        lines.next().err()
    });
    assert_eq!(outcome, Some(TooLong));
    assert!(LONGEST < 1000 * chunk.len());
}

proptest! {
    #[test]
    fn how_it_is_cut_makes_no_difference(mut cuts in proptest::collection::vec(0..TALK.len(), 0..9)) {
        cuts.sort_unstable();
        let mut chunks = Vec::new();
        let mut from = 0;
        for cut in cuts {
            chunks.push(&TALK.as_bytes()[from..cut]);
            from = cut;
        }
        chunks.push(&TALK.as_bytes()[from..]);
        prop_assert_eq!(messages(&chunks), messages(&[TALK.as_bytes()]));
    }

    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0usize..300) {
        let cut = cut.min(bytes.len());
        let _ = read_all([&bytes[..cut], &bytes[cut..]]);
    }
}
