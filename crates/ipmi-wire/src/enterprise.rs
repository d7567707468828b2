//! Enterprise
