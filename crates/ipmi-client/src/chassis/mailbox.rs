//! The mailbox in which whoever starts the machine leaves word for its loader: boot option
//! parameter 7. IPMI v2.0 §28.13, Table 28-14.

use ipmi_wire::Command;
use ipmi_wire::cmd::chassis::{BootParameter, SetSystemBootOptions};

use super::boot::is_end;
use crate::bmc::Bmc;
use crate::error::{Error, ErrorKind};

/// What is in the mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// It is marked as invalid, or locked.
    pub invalid: bool,
    /// Its blocks, 16 bytes each as a rule.
    pub blocks: Vec<Vec<u8>>,
}

/// A mailbox that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxChange {
    /// The blocks that were written.
    pub asked: Vec<Vec<u8>>,
    /// What is in it now.
    pub now: Mailbox,
}

const SELECTOR: u8 = 7;
const BLOCK: usize = BootParameter::MAILBOX_BLOCK;

impl Mailbox {
    /// Whose words they are: the first block begins with an enterprise number.
    #[must_use]
    pub fn enterprise(&self) -> Option<u32> {
        match self.blocks.first()?.as_slice() {
            [a, b, c, ..] => Some(u32::from_le_bytes([*a, *b, *c, 0])),
            _ => None,
        }
    }

    /// All after that, without the zeros at the end.
    #[must_use]
    pub fn data(&self) -> Vec<u8> {
        let mut data: Vec<u8> = self.blocks.iter().flatten().skip(3).copied().collect();
        let zeros = data.iter().rev().take_while(|byte| **byte == 0).count();
        data.truncate(data.len().saturating_sub(zeros));
        data
    }
}

impl MailboxChange {
    /// Whether all that was written is there.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.now.blocks.get(..self.asked.len()) == Some(self.asked.as_slice())
    }
}

impl Bmc {
    /// What is in the mailbox.
    ///
    /// # Errors
    /// As [`Bmc::send`].
    pub async fn boot_mailbox(&self) -> Result<Mailbox, Error> {
        let mut mailbox = Mailbox { invalid: false, blocks: Vec::new() };
        for set in 0..=u8::MAX {
            let answer = match self.boot_option(SELECTOR, set).await {
                Ok(answer) => answer,
                Err(error) if set > 0 && error.completion().is_some_and(is_end) => break,
                Err(error) => return Err(error),
            };
            mailbox.invalid |= answer.invalid;
            match answer.parameter {
                // One that tells the same block for ever has no more.
                BootParameter::Mailbox { block, data } if block == set => mailbox.blocks.push(data),
                _ => break,
            }
        }
        Ok(mailbox)
    }

    /// Leaves word for the loader. What is behind it in the mailbox stays, but for the rest of the
    /// last block, which is filled with zeros.
    ///
    /// # Errors
    /// [`ErrorKind::NotPossible`], and nothing was written, if the mailbox is too small; else as
    /// [`Bmc::send`].
    pub async fn set_boot_mailbox(
        &self,
        enterprise: u32,
        data: &[u8],
    ) -> Result<MailboxChange, Error> {
        const DOING: &str = SetSystemBootOptions::NAME;
        let [a, b, c, _] = enterprise.to_le_bytes();
        let bytes: Vec<u8> = [a, b, c].iter().chain(data).copied().collect();
        let blocks = bytes.chunks(BLOCK).map(|block| {
            let mut block = block.to_vec();
            block.resize(BLOCK, 0);
            block
        });
        let asked: Vec<Vec<u8>> = blocks.collect();
        let there = self.boot_mailbox().await?.blocks.len();
        if asked.len() > there {
            let why = format!(
                "the mailbox has {there} blocks of {BLOCK} bytes, and this would take {}",
                asked.len()
            );
            return Err(self.error(DOING, ErrorKind::NotPossible(why)));
        }
        let claimed = self.claim_boot().await?;
        let written = self.write_mailbox(&asked).await;
        self.release_boot(claimed, written.is_ok()).await?;
        written?;
        Ok(MailboxChange { asked, now: self.boot_mailbox().await? })
    }

    async fn write_mailbox(&self, blocks: &[Vec<u8>]) -> Result<(), Error> {
        for (block, data) in (0..=u8::MAX).zip(blocks) {
            let parameter = BootParameter::Mailbox { block, data: data.clone() };
            self.send(&SetSystemBootOptions::with(parameter)).await?;
        }
        Ok(())
    }
}
