int mw_placeholder(void){return 0;}
