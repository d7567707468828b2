//! What is spoken to a BMC, and what of it protects nothing.

use ipmi_wire::session::{AuthType, AuthenticationAlgorithm, CipherSuite, IntegrityAlgorithm};
use lantern_config::Entry;

use super::{Chosen, Whence};
use crate::cli::Globals;
use crate::error::Error;

/// IPMI 1.5 is never fallen back to: it is the user's word, and then it is all that is tried. Suites
/// on the command line are a word against what a file says.
pub(super) fn ipmi15(
    globals: &Globals,
    entry: &Entry,
) -> Result<Option<Chosen<Vec<AuthType>>>, Error> {
    let Globals { allow_ipmi15, auth_types, cipher_suites, .. } = globals;
    if *allow_ipmi15 && !cipher_suites.is_empty() {
        return Err(
            Error::usage("IPMI 1.5 knows no cipher suites").next("leave out -C, or --allow-ipmi15")
        );
    }
    let filed = entry.allow_ipmi15.as_ref().filter(|allowed| allowed.value);
    let from = match filed {
        _ if *allow_ipmi15 => Whence::Option("--allow-ipmi15"),
        Some(allowed) if cipher_suites.is_empty() => Whence::File(allowed.origin.clone()),
        _ if auth_types.is_empty() => return Ok(None),
        _ => {
            return Err(Error::usage("-A is for IPMI 1.5, which encrypts nothing")
                .cause("whoever listens reads all that is said, and may find out the password")
                .next("leave out -A; if this BMC speaks nothing else, add --allow-ipmi15"));
        }
    };
    if !auth_types.is_empty() {
        let types = auth_types.iter().map(|word| AuthType::from(*word)).collect();
        return Ok(Some(Chosen::typed(types, "-A")));
    }
    Ok(Some(match entry.auth_types.clone() {
        Some(types) => Chosen::filed(types),
        None => Chosen { value: vec![AuthType::Md5, AuthType::Md2], whence: from },
    }))
}

/// Why a suite has to be allowed.
pub(super) fn weakness(suite: &CipherSuite) -> Option<String> {
    let why = match suite {
        suite if !suite.protects_payloads() => {
            "does not protect what it carries: it leaves out encryption, integrity, or even the \
             password"
        }
        suite if uses_md5(*suite) => "protects what it carries with MD5, which is broken",
        _ => return None,
    };
    Some(format!("{suite} {why}"))
}

fn uses_md5(suite: CipherSuite) -> bool {
    suite.algorithms().is_some_and(|algorithms| {
        algorithms.authentication == AuthenticationAlgorithm::HmacMd5
            || matches!(
                algorithms.integrity,
                IntegrityAlgorithm::HmacMd5_128 | IntegrityAlgorithm::Md5_128
            )
    })
}
