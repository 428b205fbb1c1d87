int mw_placeholder(void);
