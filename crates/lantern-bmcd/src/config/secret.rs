//! Secrets in a file, which no message may quote.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use zeroize::Zeroizing;

/// A secret as it is written. Serde's own `String` would quote whatever else it finds in its place,
/// such as a password of digits without its quotation marks.
pub(super) struct SecretText(pub(super) Zeroizing<String>);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_string(SecretVisitor)
    }
}

/// Takes strings, and refuses every other scalar without a look at it. Sequences and tables are
/// refused by serde, which calls them that and no more.
struct SecretVisitor;

impl SecretVisitor {
    fn refuse<E: de::Error>() -> Result<SecretText, E> {
        Err(E::custom(
            "a secret is text in quotation marks, for example \"open sesame\"; \
             this is not, and is not shown here",
        ))
    }
}

impl Visitor<'_> for SecretVisitor {
    type Value = SecretText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text in quotation marks")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<SecretText, E> {
        Ok(SecretText(Zeroizing::new(text.to_owned())))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<SecretText, E> {
        Ok(SecretText(Zeroizing::new(text)))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<SecretText, E> {
        Self::refuse()
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<SecretText, E> {
        Self::refuse()
    }

    fn visit_i128<E: de::Error>(self, _: i128) -> Result<SecretText, E> {
        Self::refuse()
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<SecretText, E> {
        Self::refuse()
    }

    fn visit_u128<E: de::Error>(self, _: u128) -> Result<SecretText, E> {
        Self::refuse()
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<SecretText, E> {
        Self::refuse()
    }

    fn visit_bytes<E: de::Error>(self, _: &[u8]) -> Result<SecretText, E> {
        Self::refuse()
    }
}
