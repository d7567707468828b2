//! Every command there is: its request and its response.
//!
//! The input is a length, that many bytes of request data, and response data. Each command of the
//! registry gets it, so a new command is fuzzed without a word about it here, and a corpus stays
//! good when the registry grows.

use ipmi_wire::{CompletionCode, Entry, registry};

/// Gives the input to every command.
pub fn every_command(data: &[u8]) {
    let Some((length, rest)) = data.split_first() else {
        return;
    };
    let (request, response) = rest.split_at(usize::from(*length).min(rest.len()));
    for entry in registry::all() {
        one_command(entry, request, response);
    }
}

fn one_command(entry: &Entry, request: &[u8], response: &[u8]) {
    let _ = (entry.explain)(CompletionCode(response.first().copied().unwrap_or_default()));
    let Ok(again) = (entry.reencode_request)(request) else {
        assert!((entry.describe_request)(request).is_err(), "{entry:?}: two opinions");
        return;
    };
    // Descriptions are the values' `Debug`: equal ones are the same value.
    let description = (entry.describe_request)(request);
    assert!(description.is_ok(), "{entry:?}: two opinions");
    assert_eq!((entry.describe_request)(&again), description, "{entry:?}: {again:02x?}");
    assert_eq!((entry.effect)(&again), (entry.effect)(request), "{entry:?}: {again:02x?}");

    let Ok(again) = (entry.reencode_response)(request, response) else {
        return;
    };
    let description = (entry.describe_response)(request, response);
    assert!(description.is_ok(), "{entry:?}: two opinions");
    let described_again = (entry.describe_response)(request, &again);
    assert_eq!(described_again, description, "{entry:?} {request:02x?}: {again:02x?}");
}
