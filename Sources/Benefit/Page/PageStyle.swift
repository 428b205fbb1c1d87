/// Dark on white, so that it prints; colour only repeats what words say. The narrow layout is that of a phone, the wide
/// one that of a screen, and paper has its own.
let pageStyle: Markup = """
  :root{--ink:#1a2027;--soft:#54606c;--line:#cfd6dd;--faint:#f4f6f8;--blue:#0b4f6c;--pale:#cfe0e8;--red:#9b1c1c;
  --blush:#fdf3f2;--serif:Charter,"Bitstream Charter","Sitka Text",Cambria,Georgia,"Liberation Serif",serif;
  --sans:system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif;
  --mono:ui-monospace,"Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace}
  *{box-sizing:border-box}
  html{color-scheme:light;-webkit-text-size-adjust:100%;text-size-adjust:100%}
  body{margin:0;background:#fff;color:var(--ink);font:1rem/1.5 var(--sans);overflow-wrap:anywhere}
  .top,main,footer{max-width:80rem;margin:0 auto;padding:0 clamp(1rem,4vw,2.5rem)}
  h1,h2,h3{font-family:var(--serif);line-height:1.2;font-weight:700;margin:0;text-wrap:balance}
  h1{font-size:clamp(1.8rem,4.5vw,2.6rem);letter-spacing:-.01em}
  h2{font-size:clamp(1.35rem,3vw,1.7rem)}
  h3{font-size:1.1rem}
  p{margin:.5rem 0;orphans:3;widows:3}
  a{color:var(--blue);text-underline-offset:.2em}
  a:hover{text-decoration-thickness:2px}
  :focus-visible{outline:3px solid var(--blue);outline-offset:2px;border-radius:2px}
  main:focus{outline:none}
  code{font:.875em/1.5 var(--mono);background:var(--faint);border:1px solid var(--line);border-radius:3px;padding:.1em .4em;
  user-select:all;-webkit-user-select:all;box-decoration-break:clone;-webkit-box-decoration-break:clone}
  .skip{position:absolute;left:1rem;top:-4rem;background:#fff;padding:.5rem 1rem;z-index:1}
  .skip:focus{top:.5rem}
  .heard{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
  .top{padding-top:2rem}
  .top::before{content:"";position:absolute;left:0;top:0;right:0;height:6px;background:var(--blue)}
  .site{margin:0 0 .25rem;color:var(--blue);font-weight:600;letter-spacing:.02em}
  .period{color:var(--soft);margin:.4rem 0 0}
  .summary{font:1.2rem/1.5 var(--serif);max-width:46em;margin:1rem 0}
  nav ol{list-style:none;margin:1.25rem 0 0;padding:.6rem 0;display:flex;flex-wrap:wrap;gap:.3rem 1.6rem;
  border:solid var(--line);border-width:1px 0}
  nav a{display:inline-block;padding:.15rem 0}
  section{padding:2.25rem 0 .5rem;scroll-margin-top:0}
  section>h2{margin-bottom:.75rem}
  section h3{margin:1.5rem 0 .5rem}
  .lead{max-width:46em;margin-top:0}
  .note{color:var(--soft);font-size:.925rem;max-width:52em}
  .loss{color:var(--red);font-weight:700}
  .line{display:block}
  time{white-space:nowrap}
  .amount{white-space:nowrap;font-variant-numeric:tabular-nums}
  .nowrap{white-space:nowrap}

  .columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(17rem,100%),1fr));gap:1.25rem;margin:1.25rem 0}
  .card{border:1px solid var(--line);border-top:4px solid var(--blue);padding:1rem 1.15rem 1.1rem;background:#fff}
  .card.losing{border-top-color:var(--red);background:var(--blush)}
  .card h3{margin:0}
  .card .what{margin:0;color:var(--soft);font-size:.925rem}
  .card.losing .what,.losing .soft{color:#4d5661}
  .card .net{font:700 2rem/1.15 var(--serif);margin:.8rem 0 0;font-variant-numeric:lining-nums tabular-nums;white-space:nowrap}
  .card .net small{font-size:.55em;font-weight:400;letter-spacing:.03em}
  .card .said{margin:.1rem 0 .8rem;text-wrap:balance;font-weight:600}
  @supports (grid-template-rows:subgrid){.columns{row-gap:0;margin-bottom:0}
  .card{display:grid;grid-template-rows:subgrid;grid-row:span 5;margin-bottom:1.25rem;align-content:start}}
  .sums{display:grid;grid-template-columns:minmax(min-content,1fr) auto;overflow-wrap:normal;gap:.2rem 0;align-content:start;margin:0;font-variant-numeric:tabular-nums}
  .sums dt,.sums dd{margin:0}
  .sums dd{padding-left:.8rem;text-align:right;white-space:nowrap}
  .sums .total{border-top:1px solid var(--ink);padding-top:.2rem;font-weight:700}
  .sums .apart{color:var(--soft)}
  .losing .sums .apart{color:#4d5661}
  .sums .first{margin-top:.6rem}
  .shadow{border:1px dashed #7a8590;padding:.9rem 1.15rem;margin:1.25rem 0;background:var(--faint)}
  .shadow h3{margin:0 0 .35rem}
  .shadow p{margin:.25rem 0}
  .shadow .note,.shadow .soft{color:#4d5661}

  .scroll{overflow-x:auto;margin:1rem 0;position:relative}
  table{border-collapse:collapse;width:100%;overflow-wrap:break-word;font-size:.925rem;font-variant-numeric:tabular-nums}
  caption{text-align:left;font-weight:600;padding:0 0 .5rem}
  caption .note{font-weight:400}
  th,td{padding:.5rem .45rem;vertical-align:top;text-align:left;border-bottom:1px solid var(--line)}
  th:first-child,td:first-child{padding-left:.5rem}
  thead th{font-weight:600;font-size:.85rem;line-height:1.3;border-bottom:2px solid var(--ink);vertical-align:bottom;overflow-wrap:normal}
  tbody th{font-weight:600}
  .soft{font-weight:400;color:var(--soft)}
  .number{text-align:right}
  tbody th{min-width:9.5rem}
  .command code{white-space:nowrap}
  .begins{padding-left:1rem}
  tr.losing>*{background:var(--blush)}
  .losing .loss{display:block}
  .shadow tbody .soft{color:#4d5661}
  .label{display:none}

  .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(15rem,100%),1fr));gap:1rem 2rem;margin:1rem 0}
  .facts div{border-left:3px solid var(--line);padding-left:.8rem}
  .facts dt{color:var(--soft);font-size:.925rem}
  .facts dd{margin:0;font-weight:600;font-size:1.1rem}
  .facts dd small{display:block;font-weight:400;font-size:.875rem;color:var(--soft)}

  .plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(20rem,100%),1fr));gap:1.25rem 2rem;margin:1rem 0}
  .wide{max-width:34rem}
  figure{margin:0;break-inside:avoid}
  figcaption{font-size:.925rem;margin-bottom:.15rem}
  svg{display:block;width:100%;height:auto;font:11px var(--sans)}
  svg text{fill:var(--soft);font-variant-numeric:tabular-nums;paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}
  .grid{stroke:#dfe4e9;stroke-width:1}
  .zero{stroke:var(--ink);stroke-width:1.25}
  rect.modelled{fill:var(--pale);stroke:var(--blue);stroke-width:.75}
  rect.measured{fill:var(--blue)}
  polyline{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
  polyline.curve{stroke:var(--blue)}
  circle.curve{fill:var(--blue)}
  polyline.second{stroke:#8a5a00;stroke-dasharray:5 3}
  circle.second{fill:#8a5a00}
  circle.chosen{fill:#fff;stroke:var(--ink);stroke-width:2}
  line.limit{stroke:var(--red);stroke-width:1.5;stroke-dasharray:6 4}
  svg text.limit{fill:var(--red)}
  line.decision{stroke:var(--ink);stroke-width:1.5}
  svg text.decision{fill:var(--ink);font-weight:600}
  svg text.second{fill:#7a4f00}
  .legend{font-size:.925rem;margin:.75rem 0 0;display:flex;flex-wrap:wrap;gap:.2rem 1.5rem}
  .swatch{display:inline-block;width:.9em;height:.9em;margin-right:.45em;vertical-align:-.08em}
  .swatch.modelled{background:var(--pale);box-shadow:inset 0 0 0 1px var(--blue)}
  .swatch.measured{background:var(--blue)}
  .swatch.line{height:0;width:1.6em;border-top:3px solid var(--blue);vertical-align:.25em}
  .swatch.second{border-top:3px dashed #8a5a00}
  .evidence{border-top:1px solid var(--line);margin-top:1.25rem;break-inside:avoid}
  .evidence h3{margin:.9rem 0 .1rem}
  .about,.readings{margin:.15rem 0;font-size:.925rem}
  .about{color:var(--soft)}
  .about b{color:var(--ink)}
  .reading{display:inline-block;margin-right:1.1rem}
  details{margin:.75rem 0}
  summary{cursor:pointer;color:var(--blue);padding:.3rem 0;width:fit-content;font-weight:600}
  ol.next{padding-left:1.5rem;max-width:52em}
  ol.next li{margin:.7rem 0;padding-left:.3rem}
  ol.next li::marker{font-weight:700;color:var(--blue)}
  footer{margin-top:2rem;padding-bottom:3rem;font-size:.925rem}
  footer h2{font-size:1.15rem;border-top:1px solid var(--line);padding-top:1.25rem}
  footer dl{display:grid;grid-template-columns:minmax(8rem,max-content) 1fr;gap:.35rem 1.25rem;max-width:60em}
  footer dt{font-weight:600}
  footer dd{margin:0}

  @media screen and (max-width:46rem){
  .summary{font-size:1.1rem}
  nav ol{display:block}
  nav li{border-top:1px solid var(--line)}
  nav li:first-child{border-top:0}
  nav a{display:block;padding:.55rem 0}
  table,caption,tbody,tr,th,td{display:block}
  table{overflow-wrap:anywhere}
  thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
  tr{border:1px solid var(--line);border-left:4px solid var(--blue);padding:.6rem .8rem;margin:0 0 .8rem}
  tr.losing{border-left-color:var(--red);background:var(--blush)}
  tbody th,td,tbody th:first-child{border:0;padding:.15rem 0;text-align:left}
  tbody th{padding-bottom:.4rem}
  td{display:flex;justify-content:space-between;gap:1rem}
  td>span:last-child{text-align:right;min-width:0}
  td.begins{padding-left:0}
  td.command{display:block}
  td.command>span:last-child{text-align:left}
  .command code{white-space:normal}
  .label{display:block;color:var(--soft);flex:none;max-width:55%;overflow-wrap:normal}
  .losing .label,.losing .soft{color:#4d5661}
  footer dl{display:block}
  footer dd{margin:0 0 .6rem}
  }

  @media print{
  @page{size:A4;margin:14mm 12mm 16mm}
  html{font-size:9.5pt}
  body{line-height:1.4}
  .top,main,footer{max-width:none;padding:0}
  .top{padding-top:.5rem}
  .top::before{position:static;display:block;height:3px;margin-bottom:1rem}
  .skip,nav,summary,details:not([open]){display:none}
  h1{font-size:22pt}
  h2{font-size:14pt}
  h3{font-size:11pt}
  h1,h2,h3,caption,figcaption,.lead,.legend{break-after:avoid}
  section{padding-top:1.1rem}
  .summary{font-size:12pt;margin:.6rem 0}
  .columns{grid-template-columns:repeat(3,1fr);gap:.8rem;margin:.8rem 0}
  .card{padding:.6rem .7rem;break-inside:avoid}
  .card .net{font-size:17pt}
  .shadow{break-inside:avoid;padding:.6rem .7rem}
  .scroll{overflow:visible;margin:.7rem 0;position:static}
  .heard{display:none}
  thead{break-after:avoid}
  tbody tr:first-child{break-before:avoid}
  .lead,.note{break-inside:avoid}
  table,.note,.about,.readings,.legend,figcaption,footer{font-size:8pt}
  thead{display:table-header-group}
  thead th{font-size:7.5pt}
  th,td{padding:.28rem .3rem}
  th:first-child,td:first-child{padding-left:.25rem}
  .begins{padding-left:.6rem}
  .dense,.dense thead th{font-size:7pt}
  .dense th,.dense td{padding:.25rem .2rem}
  tbody th{min-width:6.5rem}
  .command code{white-space:normal}
  tr,li,.facts div{break-inside:avoid}
  code{font-size:7.5pt;border:0;padding:0;background:none}
  .plots{grid-template-columns:repeat(2,1fr);gap:.7rem 1.2rem}
  .facts{grid-template-columns:repeat(4,1fr);gap:.6rem}
  .facts dd{font-size:10pt}
  .card,tr.losing>*,.shadow,rect,.swatch,.top::before{-webkit-print-color-adjust:exact;print-color-adjust:exact}
  a{color:inherit;text-decoration:none}
  footer{margin-top:1rem;padding-bottom:0}
  }

  """
