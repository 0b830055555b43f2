/// How the page looks: quiet, and the same two colours everywhere. Blue and orange are told apart by the colour-blind, and curves differ in their dashes too.
enum PageStyle {
  private static let light = """
    --ground:#fffefb;--ink:#1d1d1b;--soft:#66655f;--rule:#e2e0d8;--ref:#0072b2;--cur:#d55e00;--curtext:#a84300;--reftext:#00598c;--mark:#f4f2ea;
    --alarm:#a3114a;color-scheme:light;
    """
  private static let dark = """
    --ground:#16171a;--ink:#e9e7e1;--soft:#a3a19a;--rule:#33353a;--ref:#56b4e9;--cur:#ffa033;--curtext:#ffb45e;--reftext:#7cc5ef;--mark:#212327;
    --alarm:#ff93b0;color-scheme:dark;
    """

  static let text = """
    :root{\(light)}
    @media (prefers-color-scheme:dark){:root{\(dark)}}
    :root[data-theme=light]{\(light)}
    :root[data-theme=dark]{\(dark)}
    *{box-sizing:border-box}
    html{background:var(--ground);color:var(--ink);font:16px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif;\
    -webkit-text-size-adjust:100%}
    body{max-width:76rem;margin:0 auto;padding:1.5rem 1.25rem 3rem;font-variant-numeric:tabular-nums}
    h1{font-size:1.9rem;line-height:1.15;font-weight:650;margin:0 5rem .5rem 0;letter-spacing:-.01em;text-wrap:balance}
    h1.drifted{color:var(--alarm)}
    h2{font-size:1.15rem;font-weight:650;margin:2.5rem 0 .6rem}
    h3{font-size:1.1rem;font-weight:650;margin:0;overflow-wrap:anywhere}
    p{margin:.15rem 0}
    header p{max-width:60rem;overflow-wrap:anywhere}
    small{font-weight:400;font-size:.8rem;color:var(--soft)}
    [hidden]{display:none!important}
    #theme{position:absolute;top:1.5rem;right:max(1.25rem,calc(50vw - 36.75rem))}
    button,input,select{font:inherit;color:inherit;background:transparent;border:1px solid var(--rule);border-radius:4px;padding:.15rem .5rem}
    option{background:var(--ground);color:var(--ink)}
    :focus-visible{outline:2px solid var(--ref);outline-offset:1px}
    a{color:inherit;text-decoration-color:var(--soft);text-underline-offset:2px}
    .sides{display:flex;flex-wrap:wrap;gap:.2rem 2rem;margin:.9rem 0 0;color:var(--soft)}
    .sides div{display:flex;flex-wrap:wrap;gap:0 .5rem;overflow-wrap:anywhere}
    .sides dd{margin:0;color:var(--ink)}
    .swatch{display:inline-block;width:.75em;height:.75em;margin-right:.4em;border-radius:1px}
    .swatch.ref{background:var(--ref)}.swatch.cur{background:var(--cur)}
    .findings{margin:0;padding-left:1.1rem;max-width:60rem;overflow-wrap:anywhere}
    .note,caption,footer,figcaption,.test{color:var(--soft);font-size:.85rem}
    #tools{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1.25rem;margin:0 0 .6rem;color:var(--soft);font-size:.9rem}
    #tools input,#tools select{color:var(--ink)}
    #count{margin-left:auto}
    .scroll{overflow-x:auto}
    table{border-collapse:collapse}
    #overview{width:100%;font-size:.92rem}
    caption{text-align:left;padding:0 0 .3rem}
    #overview th,#overview td{text-align:left;vertical-align:middle;padding:.22rem .6rem .22rem 0;border-bottom:1px solid var(--rule)}
    #overview thead th{font-weight:400;font-size:.85rem;color:var(--soft);white-space:nowrap;vertical-align:bottom}
    #overview thead button{border:0;padding:0;font-size:inherit;cursor:pointer;text-decoration:underline dotted var(--soft);text-underline-offset:3px}
    #overview th[aria-sort]{color:var(--ink)}
    #overview th[aria-sort=ascending] button::after{content:" ↑"}
    #overview th[aria-sort=descending] button::after{content:" ↓"}
    #overview tbody th{font-weight:500;overflow-wrap:anywhere;max-width:20rem}
    #overview .n{text-align:right;white-space:nowrap}
    #overview .change{color:var(--soft);overflow-wrap:anywhere;max-width:20rem;padding-left:.6rem}
    .pic{width:132px}
    .spark{display:block;width:120px;height:29px}
    .effect{display:block;width:50px;height:4px;margin:1px 0 0 auto;fill:var(--soft)}
    tr[data-verdict=drifted] .effect{fill:var(--alarm)}
    .verdict{white-space:nowrap}
    .verdict.drifted,.sentence.drifted{color:var(--alarm);font-weight:600}
    .verdict.stable{color:var(--soft)}
    .bad{color:var(--alarm);font-size:.85rem}
    abbr.bad{text-decoration:none;border:1px solid currentColor;border-radius:3px;padding:0 .25rem;margin-left:.35rem;font-size:.72rem}
    #cards{margin-top:2.5rem}
    article{border-top:1px solid var(--rule);padding:1.1rem 0 1.3rem;scroll-margin-top:.5rem;break-inside:avoid}
    article:target{background:var(--mark);box-shadow:-.6rem 0 var(--mark),.6rem 0 var(--mark)}
    .sentence,.bad,.test{overflow-wrap:anywhere}
    .body{display:flex;flex-wrap:wrap;gap:.8rem 2rem;align-items:flex-start;margin:.6rem 0 .5rem}
    .grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,24rem),1fr));gap:1.2rem 2rem;margin:.6rem 0}
    figure{margin:0}
    .grid figure{max-width:30rem}
    figure.main{flex:0 1 27rem;min-width:min(100%,20rem)}
    figure.square{flex:0 0 13.5rem}
    figcaption{margin-bottom:.2rem;overflow-wrap:anywhere}
    .plot{display:block;width:100%;height:auto;overflow:visible}
    .plot text{font-size:11px;fill:var(--soft)}
    .plot .below text{text-anchor:middle}
    .plot .below text[text-anchor=start]{text-anchor:start}
    .plot .below text[text-anchor=end]{text-anchor:end}
    .plot .levels text{text-anchor:end}
    .plot .refname{fill:var(--reftext)}.plot .curname{fill:var(--curtext)}
    .axis,.level,.same,.limit{fill:none;stroke:var(--soft);stroke-width:1}
    .level{stroke:var(--rule)}
    .same{stroke-dasharray:3 3}
    .limit{stroke-dasharray:5 3;stroke:var(--alarm)}
    .area{fill-opacity:.28;stroke:none}
    .area.ref,.bar.ref{fill:var(--ref)}
    .area.cur,.bar.cur{fill:var(--cur)}
    .curve{fill:none;stroke-width:1.8;stroke-linejoin:round}
    .curve.ref{stroke:var(--ref);stroke-dasharray:5 2.5}
    .curve.cur{stroke:var(--cur)}
    .dots{fill:none;stroke:var(--ink);stroke-width:3.2;stroke-linecap:round;stroke-opacity:.75}
    .plot .name{text-anchor:end;fill:var(--ink)}
    .plot .share{text-anchor:end}
    .plot .rest .name{font-style:italic;fill:var(--soft)}
    .rest .bar{fill-opacity:.55}
    .band{fill:var(--ref);fill-opacity:.2}
    .course{fill:none;stroke:var(--cur);stroke-width:1;stroke-opacity:.5}
    .whiskers{fill:none;stroke:var(--cur);stroke-width:1.5}
    .points{fill:none;stroke:var(--cur);stroke-width:6.5;stroke-linecap:round}
    .points.hollow{stroke:var(--ground);stroke-width:3.5}
    .verdicts{margin:.2rem 0 1.2rem;max-width:60rem}
    .verdicts th,.verdicts td{text-align:left;vertical-align:baseline;padding:.28rem 1.2rem .28rem 0;border-bottom:1px solid var(--rule);font-weight:400;overflow-wrap:anywhere}
    .verdicts th{color:var(--soft);white-space:nowrap}.verdicts td.verdict{white-space:normal}
    .figures{font-size:.85rem;flex:1 1 18rem;max-width:27rem}
    .figures th,.figures td{padding:.06rem 0 .06rem .8rem;text-align:right;font-weight:400;white-space:nowrap}
    .figures tbody th,.figures thead td{text-align:left;padding-left:0;color:var(--soft)}
    .figures thead th{color:var(--soft);border-bottom:1px solid var(--rule)}
    .figures .change{color:var(--soft)}
    footer{border-top:1px solid var(--rule);margin-top:1rem;padding-top:.8rem;max-width:60rem}
    footer p{margin:.4rem 0}
    @media (max-width:46rem){
    body{padding:1rem 1rem 2rem}h1{font-size:1.45rem}#theme{top:1rem;right:1rem}
    .wide{display:none}.pic{width:92px}.spark{width:84px}
    #overview th,#overview td{padding-right:.45rem}#overview tbody th small{display:block}
    #tools label:first-child,#tools input{width:100%}#tools input{display:block}
    #count{margin-left:0}figure.square{flex:0 0 60%}.figures{max-width:none;width:100%;white-space:normal}
    .figures th,.figures td{padding-left:.5rem}
    .verdicts tr{display:block;border-bottom:1px solid var(--rule);padding:.35rem 0}.verdicts th,.verdicts td{display:block;border:0;padding:.05rem 0;white-space:normal}
    }
    @media print{
    :root,:root[data-theme=dark]{\(light)}
    html{font-size:11px}body{max-width:none;padding:0}#tools,#theme,caption{display:none!important}
    h2,h3{break-after:avoid}tr,figure,article{break-inside:avoid}.scroll{overflow:visible}
    article:target{background:none;box-shadow:none}
    .plot,.spark,.swatch,.effect{print-color-adjust:exact;-webkit-print-color-adjust:exact}
    }
    """
}
