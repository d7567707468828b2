//! Which cipher suite to ask for next, when the BMC refuses one.

use ipmi_wire::session::{CipherSuite, RmcpPlusStatus};

use super::{SessionError, Stage};
use crate::crypto::is_supported;

/// A proposal for a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Proposal {
    pub(super) suite: CipherSuite,
    /// For the highest privilege that the BMC has for the suite, not for the one that is wanted.
    pub(super) for_highest: bool,
}

/// The suites of one login.
#[derive(Debug)]
pub(super) struct Suites {
    /// Not tried yet, the next one first.
    left: Vec<CipherSuite>,
    refused: Vec<(CipherSuite, RmcpPlusStatus)>,
    /// Every suite was refused once; those are tried again for whatever privilege they are good for.
    second_round: bool,
}

impl Suites {
    /// To be tried in this order; the first one. An error if one is not spoken here, or there is none.
    pub(super) fn new(suites: &[CipherSuite]) -> Result<(Self, Proposal), SessionError> {
        if let Some(unknown) = suites.iter().find(|suite| !is_supported(**suite)) {
            return Err(SessionError::UnsupportedSuite(Some(*unknown)));
        }
        let (suite, left) = suites.split_first().ok_or(SessionError::UnsupportedSuite(None))?;
        let all = Self { left: left.to_vec(), refused: Vec::new(), second_round: false };
        Ok((all, Proposal { suite: *suite, for_highest: false }))
    }

    /// What to propose after this was refused; an error if that is the end.
    pub(super) fn after_refusal(
        &mut self,
        Proposal { suite, for_highest }: Proposal,
        status: RmcpPlusStatus,
    ) -> Result<Proposal, SessionError> {
        use RmcpPlusStatus as S;
        let role = matches!(status, S::INVALID_ROLE | S::UNAUTHORIZED_ROLE);
        if role && !for_highest {
            // Early firmware binds each suite to one exact privilege: let it choose.
            return Ok(Proposal { suite, for_highest: true });
        }
        if matches!(status, S::INSUFFICIENT_RESOURCES | S::INSUFFICIENT_RESOURCES_FOR_ROLE) {
            return Err(SessionError::Refused { stage: Stage::OpenSession, status });
        }
        // A disabled suite is refused with almost any status: 0Ah (Supermicro X8DTG) and 12h
        // (MSI MS-91D2) are on record (`research/freeipmi.md` §4.8).
        if !self.refused.iter().any(|(refused, _)| *refused == suite) {
            self.refused.push((suite, status));
        }
        if self.left.is_empty() && !self.second_round {
            // The suite may be good for another privilege: early firmware says so with 11h, too.
            self.second_round = true;
            let bound = |status| status == S::NO_CIPHER_SUITE_MATCH;
            self.left = self.refused.iter().filter(|r| bound(r.1)).map(|r| r.0).collect();
        }
        if self.left.is_empty() {
            return Err(match self.refused.iter().find(|(_, status)| !is_about_suites(*status)) {
                Some((_, status)) => {
                    SessionError::Refused { stage: Stage::OpenSession, status: *status }
                }
                None => SessionError::SuitesRefused(self.refused.clone()),
            });
        }
        Ok(Proposal { suite: self.left.remove(0), for_highest: self.second_round })
    }

    /// Whether this one would be tried later.
    pub(super) fn has(&self, suite: CipherSuite) -> bool {
        self.left.contains(&suite)
    }

    /// Those that were refused, with the BMC's answers.
    pub(super) fn refused(&self) -> &[(CipherSuite, RmcpPlusStatus)] {
        &self.refused
    }

    /// Whether one was refused with a status that is not about suites.
    pub(super) fn oddly_refused(&self) -> bool {
        self.refused.iter().any(|(_, status)| !is_about_suites(*status))
    }
}

/// Whether a refusal is about algorithms.
const fn is_about_suites(status: RmcpPlusStatus) -> bool {
    matches!(status.0, 0x04..=0x07 | 0x10 | 0x11)
}
