//! Cipher suites that a channel offers.

use ipmi_wire::cmd::app::{AlgorithmTag, CipherSuiteRecord};
use ipmi_wire::session::{
    AuthenticationAlgorithm as A, ConfidentialityAlgorithm as C, IntegrityAlgorithm as I,
};
use schemars::JsonSchema;
use serde::Serialize;

use crate::view::table::{Table, left, right};
use crate::view::{Rows, View};

/// The cipher suites of a channel.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Ciphers {
    #[schemars(extend("enum" = ["ipmi", "sol"]))]
    payload: &'static str,
    suites: Vec<Suite>,
}

/// A cipher suite, as the BMC describes it.
#[derive(Debug, Serialize, JsonSchema)]
struct Suite {
    suite: u8,
    /// Whose number that is, if not the specification's: enterprise number.
    oem_id: Option<u32>,
    /// One, in a suite that makes sense.
    authentication: Vec<String>,
    integrity: Vec<String>,
    confidentiality: Vec<String>,
    /// Whether it protects less than it should.
    weak: bool,
    /// What is wrong with it.
    weaknesses: Vec<&'static str>,
}

impl From<&CipherSuiteRecord> for Suite {
    fn from(record: &CipherSuiteRecord) -> Self {
        let (mut authentication, mut integrity, mut confidentiality) = (vec![], vec![], vec![]);
        for algorithm in &record.algorithms {
            match algorithm {
                AlgorithmTag::Authentication(algorithm) => {
                    authentication.push(algorithm.to_string())
                }
                AlgorithmTag::Integrity(algorithm) => integrity.push(algorithm.to_string()),
                AlgorithmTag::Confidentiality(algorithm) => {
                    confidentiality.push(algorithm.to_string());
                }
            }
        }
        let weaknesses = weaknesses(&record.algorithms);
        Self {
            suite: record.suite.0,
            oem_id: record.oem_iana,
            authentication,
            integrity,
            confidentiality,
            weak: !weaknesses.is_empty(),
            weaknesses,
        }
    }
}

/// What is wrong with a suite of these algorithms. What a record leaves out is not done.
fn weaknesses(algorithms: &[AlgorithmTag]) -> Vec<&'static str> {
    use AlgorithmTag::{Authentication, Confidentiality, Integrity};
    let has = |tag: AlgorithmTag| algorithms.contains(&tag);
    let lacks = |none, any: fn(&AlgorithmTag) -> bool| has(none) || !algorithms.iter().any(any);
    crate::view::set([
        (
            lacks(Authentication(A::None), |tag| matches!(tag, Authentication(_))),
            "no password is checked",
        ),
        (lacks(Integrity(I::None), |tag| matches!(tag, Integrity(_))), "packets can be forged"),
        (
            lacks(Confidentiality(C::None), |tag| matches!(tag, Confidentiality(_))),
            "nothing is encrypted",
        ),
        (
            has(Authentication(A::HmacMd5))
                || has(Integrity(I::HmacMd5_128))
                || has(Integrity(I::Md5_128)),
            "MD5 is broken",
        ),
        (has(Confidentiality(C::Xrc4_128)) || has(Confidentiality(C::Xrc4_40)), "xRC4 is broken"),
    ])
}

impl Ciphers {
    pub(crate) fn new(payload: &'static str, records: &[CipherSuiteRecord]) -> Self {
        Self { payload, suites: records.iter().map(Suite::from).collect() }
    }
}

impl View for Ciphers {
    const SCHEMA: &'static str = "lantern.channel_ciphers/1";
    const ROWS: Option<Rows> = Some(Rows { key: "suites", schema: "lantern.cipher_suite/1" });

    fn text(&self, width: Option<u16>) -> String {
        if self.suites.is_empty() {
            return "No cipher suites\n".to_owned();
        }
        let columns = [
            right("SUITE"),
            left("AUTHENTICATION"),
            left("INTEGRITY"),
            left("CONFIDENTIALITY"),
            left("WEAK").flexible(),
        ];
        let mut table = Table::new(&columns);
        for suite in &self.suites {
            let named = |names: &[String]| match names {
                [] => "-".to_owned(),
                names => names.join(", "),
            };
            let number = match suite.oem_id {
                Some(oem) => format!("{} of {oem}", suite.suite),
                None => suite.suite.to_string(),
            };
            table.row([
                number,
                named(&suite.authentication),
                named(&suite.integrity),
                named(&suite.confidentiality),
                suite.weaknesses.join("; "),
            ]);
        }
        table.text(width)
    }
}

#[cfg(test)]
mod tests {
    use ipmi_wire::session::CipherSuite;

    use super::*;

    #[test]
    fn what_protects_is_not_weak_and_what_does_not_says_why() {
        let of = |suite| {
            let record = CipherSuiteRecord::standard(CipherSuite(suite)).unwrap();
            weaknesses(&record.algorithms)
        };
        for good in [3, 17] {
            assert!(of(good).is_empty(), "{good}");
        }
        assert_eq!(of(0).len(), 3);
        assert_eq!(of(2), ["nothing is encrypted"]);
        assert_eq!(of(12), ["MD5 is broken"]);
        assert_eq!(of(18), ["xRC4 is broken"]);
        // A record that is cut off promises nothing.
        assert_eq!(weaknesses(&[]).len(), 3);
    }
}
