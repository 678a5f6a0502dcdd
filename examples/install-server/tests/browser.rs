//! Both flows in a real browser.
