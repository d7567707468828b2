//! A user's name as the commands carry it: always 16 bytes.

use crate::codec::{DecodeError, Reader};
use crate::session::Username;

/// Writes a name, filled up with zeros.
pub(super) fn encode_name(name: &Username, out: &mut Vec<u8>) {
    let end = out.len().saturating_add(Username::MAX);
    out.extend(name.as_bytes());
    out.resize(end, 0);
}

/// Reads a name. It ends at the first zero byte (§22.28), whatever comes then.
pub(super) fn decode_name(r: &mut Reader<'_>) -> Result<Username, DecodeError> {
    let bytes: [u8; Username::MAX] = r.array("user name")?;
    let name = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    Ok(Username::new(name).unwrap_or_default())
}
